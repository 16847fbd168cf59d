"""Items 40 to 42 of the checklist, at the CA's process: a ledger, a key or a certificate that it must not start with.

Each is one line that names the file, exit status 5 and nothing changed. Every way that a hierarchy of one's own can
be wrong is in `test_signing_files`, the CA's own root in `test_keystore`; here are those that a process could treat
differently.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from meshtui.ca import schema
from meshtui.ca.ledger_reader import LedgerReader
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.identity.keys import key_pem, load_key, new_key
from tests.ca.hierarchy import Hierarchy
from tests.ca.test_main import Home, Running
from tests.ca.test_signing_files import FLAT, WRONG

Damage = Callable[[Path], object]


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    found = Home(tmp_path)
    yield found
    await found.stop()


def _files(directory: Path) -> dict[str, bytes]:
    # reading a database may leave the two files beside it that its next writer uses
    files = (path for path in directory.iterdir() if path.is_file() and not path.name.endswith(("-wal", "-shm")))
    return {path.name: path.read_bytes() for path in files}


async def _refused(running: Running, says: str) -> None:
    assert says in running.first["error"]
    assert running.first["fix"]
    assert await running.ended() == 5
    assert await running.errors() == ""


async def _stopped_after_a_first_start(home: Home) -> bytes:
    first = await home.start()
    first.process.terminate()
    assert await first.ended() == 0
    return first.root_pem()


def _sql(script: str) -> Damage:
    def change(path: Path) -> None:
        with closing(sqlite3.connect(path, isolation_level=None)) as connection:
            connection.executescript(script)

    return change


def _replaced(script: str) -> Damage:
    def change(path: Path) -> None:
        path.unlink()
        _sql(script)(path)

    return change


def _directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (_sql("PRAGMA user_version = 99"), "written by a newer meshtui (schema 99"),
        (_sql("PRAGMA user_version = 0"), "unknown schema 0"),
        (_sql("DROP TABLE head"), "it has no head"),
        (_replaced("CREATE TABLE notes (text)"), "unknown schema 0"),
        (_replaced(f"PRAGMA user_version = {schema.VERSION}"), "it has no decisions"),
        (lambda path: path.write_bytes(path.read_bytes()[:9000]), "ledger.db"),
        (lambda path: path.write_bytes(b""), "ledger.db is empty"),
        (_directory, "ledger.db"),
    ],
    ids=["newer", "version lost", "table lost", "foreign", "no tables", "truncated", "empty", "directory"],
)
async def test_a_ledger_that_is_none_stops_the_start(home: Home, damage: Damage, says: str) -> None:
    """Item 40: neither the ledger nor the CA's root is made anew, and what is there stays to the last byte."""
    await _stopped_after_a_first_start(home)
    damage(home.ca / "ledger.db")
    before = _files(home.ca)
    await _refused(await home.start(), says)
    assert before == _files(home.ca)


async def test_an_older_ledger_is_brought_up_and_served_from(home: Home) -> None:
    """Item 40: a CA of today starts on a ledger of the first version, with the same root, issues, and starts again."""
    root = await _stopped_after_a_first_start(home)
    _replaced(f"{schema._FIRST} PRAGMA user_version = 1;")(home.ca / "ledger.db")
    second = await home.start()
    assert second.root_pem() == root
    async with home.channel(second) as channel:
        chain = await home.issue(channel)
    latest = LedgerReader(home.ca / "ledger.db").latest_for_pod("uid-1")
    assert latest is not None
    assert latest.pem == chain[0]
    assert verify_ledger(home.ca / "ledger.db", root).problems == ()
    second.process.terminate()
    await second.ended()
    assert (await home.start()).root_pem() == root


def _encrypted(path: Path) -> None:
    key = load_key(path.read_bytes())
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")))


@pytest.mark.parametrize(
    ("name", "damage", "says"),
    [
        ("root-key.pem", _encrypted, "The private key is encrypted"),
        ("root-key.pem", lambda path: path.write_bytes(key_pem(new_key())), "is not the key of"),
        ("root-key.pem", lambda path: path.chmod(0o644), "open to others (mode 0644)"),
        ("root-key.pem", _directory, "cannot be read: Is a directory"),
        ("root-cert.pem", _directory, "cannot be read: Is a directory"),
        ("root-cert.pem", lambda path: path.write_text(FLAT.root.pem), "not the key of"),
    ],
    ids=["encrypted", "another key", "open", "directory", "certificate is a directory", "another certificate"],
)
async def test_a_root_that_is_damaged_stops_the_start(home: Home, name: str, damage: Damage, says: str) -> None:
    """Items 41 and 42: the CA's own root, in the ways that `test_main` has not."""
    await _stopped_after_a_first_start(home)
    damage(home.ca / name)
    before = _files(home.ca)
    await _refused(await home.start(), says)
    assert before == _files(home.ca)


@pytest.mark.parametrize("form", [PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL], ids=["PKCS8", "SEC1"])
async def test_a_root_key_may_be_written_in_any_way(home: Home, form: PrivateFormat) -> None:
    """Item 41: a key that was restored in another encoding is the same key."""
    root = await _stopped_after_a_first_start(home)
    path = home.ca / "root-key.pem"
    path.write_bytes(load_key(path.read_bytes()).private_bytes(Encoding.PEM, form, NoEncryption()))
    again = await home.start()
    assert again.root_pem() == root
    async with home.channel(again) as channel:
        assert await home.issue(channel)


def _pipe(directory: Path) -> Path:
    FLAT.write(directory)
    (directory / "ca-key.pem").unlink()
    os.mkfifo(directory / "ca-key.pem")
    return directory


def _key_is_a_directory(directory: Path) -> Path:
    FLAT.write(directory)
    _directory(directory / "ca-key.pem")
    return directory


BY_PROCESS: dict[str, tuple[Callable[[Path], Path], str]] = {
    **{way: WRONG[way] for way in ("encrypted key", "another's key", "wrong order", "SHA-1", "empty root")},
    **{way: WRONG[way] for way in ("an intermediate is missing", "pathLen too short", "incomplete, no ca-key.pem")},
    "empty key": (lambda directory: FLAT.write(directory, key=b""), "The private key cannot be read"),
    "a key that is a directory": (_key_is_a_directory, "is not a file"),
    "a key that is a pipe": (_pipe, "is not a file"),
}


@pytest.mark.parametrize("way", BY_PROCESS)
async def test_a_bad_hierarchy_stops_the_start(home: Home, way: str) -> None:
    """Items 41 and 42: with --ca-dir nothing is signed, nothing is made in its place, and no key is quoted."""
    write, says = BY_PROCESS[way]
    directory = home.directory / "cacerts"
    directory.mkdir()
    write(directory)
    running = await home.start(more=["--ca-dir", directory])
    await _refused(running, says)
    assert str(directory) in running.first["error"]
    for line in key_pem(FLAT.signer.key).decode().splitlines()[1:-1]:
        assert line not in str(running.first)
    assert not list(home.ca.glob("root-*"))


async def test_an_open_key_is_a_notice(home: Home) -> None:
    """Item 41: a key of one's own that others can read signs, and its owner is told at each start."""
    directory = Hierarchy().write(home.directory / "cacerts")
    (directory / "ca-key.pem").chmod(0o644)
    running = await home.start(more=["--ca-dir", directory])
    assert "ca-key.pem is open to others (mode 0644); run: chmod 600" in running.first["notice"]
    async with home.channel(running) as channel:
        assert await home.issue(channel)
