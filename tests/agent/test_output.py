"""The certificate as files: whole, private, in an order that a reader survives, and written only when different."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path

import pytest

from meshtui.agent.output import files_of, write_files
from meshtui.agent.output_writer import OutputWriter
from meshtui.errors import StateError
from meshtui.identity.keys import new_key
from meshtui.identity.svid import Svid
from tests.agent.authority import ShortCa
from tests.identity.forge import NOW

DEADLINE = 10.0
NAMES = ["cert-chain.pem", "key.pem", "root-cert.pem"]


def a_certificate() -> Svid:
    return ShortCa().svid(new_key(), NOW, timedelta(hours=1))


def test_files_are_istios(tmp_path: Path) -> None:
    """Key, chain with the root at its end, root: 0600 each, in a directory of 0700 that is made."""
    svid, directory = a_certificate(), tmp_path / "a" / "b"
    assert write_files(directory, files_of(svid))
    assert sorted(path.name for path in directory.iterdir()) == NAMES
    assert (directory / "key.pem").read_bytes() == svid.private_key_pem
    assert (directory / "cert-chain.pem").read_bytes() == svid.chain_pem + svid.bundle.pem
    assert (directory / "root-cert.pem").read_bytes() == svid.bundle.pem
    assert {path.stat().st_mode & 0o777 for path in directory.iterdir()} == {0o600}
    assert directory.stat().st_mode & 0o777 == 0o700


def test_only_what_differs_is_written(tmp_path: Path) -> None:
    """The same certificate touches nothing; a file that was changed, opened to others or removed is there again."""
    files = files_of(a_certificate())
    write_files(tmp_path, files)
    before = {name: (tmp_path / name).stat().st_ino for name in NAMES}
    assert not write_files(tmp_path, files)
    assert before == {name: (tmp_path / name).stat().st_ino for name in NAMES}
    (tmp_path / "key.pem").chmod(0o644)
    assert write_files(tmp_path, files)
    (tmp_path / "cert-chain.pem").unlink()
    assert write_files(tmp_path, files)
    assert {name: (tmp_path / name).read_bytes() for name in NAMES} == files
    assert (tmp_path / "root-cert.pem").stat().st_ino == before["root-cert.pem"]


def test_a_link_is_replaced_not_followed(tmp_path: Path) -> None:
    """The key does not go where a link points."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_bytes(b"")
    directory = tmp_path / "out"
    directory.mkdir()
    for name in ("key.pem", ".key.pem.new"):
        (directory / name).symlink_to(elsewhere)
    write_files(directory, files_of(a_certificate()))
    assert elsewhere.read_bytes() == b""
    assert not (directory / "key.pem").is_symlink()


def test_the_order_is_root_key_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All is on disk before the first rename."""
    renamed: list[tuple[str, int]] = []
    rename = Path.rename

    def watch(draft: Path, target: Path) -> Path:
        renamed.append((target.name, len(list(tmp_path.glob(".*.new")))))
        return rename(draft, target)

    monkeypatch.setattr(Path, "rename", watch)
    write_files(tmp_path, files_of(a_certificate()))
    assert renamed == [("root-cert.pem", 3), ("key.pem", 2), ("cert-chain.pem", 1)]


def test_a_failure_leaves_what_was_there(tmp_path: Path) -> None:
    """No draft of a key stays behind either."""
    first = files_of(a_certificate())
    write_files(tmp_path, first)
    (tmp_path / ".cert-chain.pem.new").mkdir()
    with pytest.raises(StateError, match="cannot be written"):
        write_files(tmp_path, files_of(a_certificate()))
    (tmp_path / ".cert-chain.pem.new").rmdir()
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == first


class Running:
    """A writer at work; `written` when what it was told last is on disk, or could not be written."""

    def __init__(self, directory: Path) -> None:
        self.held: Svid | None = None
        self._looks: asyncio.Queue[None] = asyncio.Queue()
        self.writer = OutputWriter(directory, self._look)

    def _look(self) -> Svid | None:
        self._looks.put_nowait(None)
        return self.held

    async def written(self) -> None:
        """It looks once to write, and again when it has written."""
        for _ in range(2):
            while not self._looks.empty():
                self._looks.get_nowait()
            self.writer.look()
            async with asyncio.timeout(DEADLINE):
                await self._looks.get()


@asynccontextmanager
async def running(directory: Path) -> AsyncIterator[Running]:
    started = Running(directory)
    task = asyncio.create_task(started.writer.run())
    try:
        yield started
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def test_a_directory_that_cannot_be_written_is_tried_again(tmp_path: Path) -> None:
    """The problem is told, and gone when the directory is there."""
    directory = tmp_path / "out"
    directory.write_bytes(b"in the way")
    async with running(directory) as at_work:
        at_work.held = a_certificate()
        await at_work.written()
        assert str(directory) in at_work.writer.problem
        directory.unlink()
        await at_work.written()
        assert at_work.writer.problem == ""
        assert (directory / "key.pem").read_bytes() == at_work.held.private_key_pem


async def test_a_new_certificate_is_written_at_once(tmp_path: Path) -> None:
    """And nothing before there is one."""
    directory = tmp_path / "out"
    async with running(directory) as at_work:
        await at_work.written()
        assert not directory.exists()
        for _ in range(2):
            at_work.held = a_certificate()
            await at_work.written()
            assert {path.name: path.read_bytes() for path in directory.iterdir()} == files_of(at_work.held)
