"""The CA notices what happens to its ledger's file, by name, and takes neither readers nor checkpoints for it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from meshtui.ca.ledger import Ledger, LedgerReader
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.errors import StateError
from tests.ca.test_ledger import INTENT, ROOT
from tests.identity.forge import NOW

ROOTS = ROOT.pem.encode()
PEM = "PEM " * 500
MANY = 600
"""Certificates that come past SQLite's bound for a checkpoint several times."""
ROUNDS = 8
PACE = 40
"""Certificates for each round of a reader: whoever only writes keeps SQLite's lock from everybody else."""


class Kept:
    """A ledger that is open, and what was issued into it."""

    def __init__(self, directory: Path) -> None:
        self.path = directory / "ca" / "ledger.db"
        self.log = self.path.with_name("ledger.db-wal")
        self.aside = directory / "aside"
        self.path.parent.mkdir()
        self.ledger = Ledger.open(self.path, lambda: NOW)
        self.ledger.seal_with(ROOT)
        self._count = 0

    def issue(self, count: int = 1) -> None:
        """Issue some."""
        for _ in range(count):
            number = self.ledger.intend(replace(INTENT, serial=f"{self._count:x}"))
            self.ledger.issued(number, PEM)
            self._count += 1

    def refuses(self) -> str:
        """Nothing can be recorded; why, and what to do."""
        with pytest.raises(StateError) as caught:
            self.issue()
        with pytest.raises(StateError):
            self.issue()
        assert caught.value.fix
        return str(caught.value)

    def goes_on(self) -> None:
        """Something can be recorded, and the whole ledger is there."""
        self.issue()
        assert len(LedgerReader(self.path).entries(limit=10_000)) == self._count
        assert verify_ledger(self.path, ROOTS).problems == ()

    def execute(self, script: str) -> None:
        """As another program."""
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            connection.executescript(script)


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Kept]:
    found = Kept(tmp_path)
    found.issue(3)
    yield found
    found.ledger.close()


def _renamed(kept: Kept) -> Callable[[], object]:
    kept.path.rename(kept.aside)
    return lambda: kept.aside.rename(kept.path)


def _deleted(kept: Kept) -> Callable[[], object]:
    kept.aside.hardlink_to(kept.path)
    kept.path.unlink()
    return lambda: kept.aside.rename(kept.path)


def _directory_renamed(kept: Kept) -> Callable[[], object]:
    kept.path.parent.rename(kept.aside)
    return lambda: kept.aside.rename(kept.path.parent)


def _replaced(kept: Kept) -> Callable[[], object]:
    kept.path.rename(kept.aside)
    shutil.copy(kept.aside, kept.path)
    return lambda: kept.aside.replace(kept.path)


def _log_renamed(kept: Kept) -> Callable[[], object]:
    kept.log.rename(kept.aside)
    return lambda: kept.aside.rename(kept.log)


@pytest.mark.parametrize(
    ("taken", "says"),
    [
        (_renamed, "ledger.db is gone"),
        (_deleted, "ledger.db is gone"),
        (_directory_renamed, "ledger.db is gone"),
        (_replaced, "ledger.db is not the file that the CA opened"),
        (_log_renamed, "ledger.db-wal is gone"),
    ],
)
def test_a_file_that_is_not_where_it_was(kept: Kept, taken: Callable[[Kept], Callable[[], object]], says: str) -> None:
    """Nothing is recorded where nobody would find it; with the file back in its place it goes on."""
    put_back = taken(kept)
    assert f"{kept.path.parent}/{says}" in kept.refuses()
    put_back()
    kept.goes_on()


@pytest.mark.parametrize(
    ("script", "says", "undo"),
    [
        ("ALTER TABLE events RENAME TO gone", "it has no events any more", "ALTER TABLE gone RENAME TO events"),
        (
            "CREATE TABLE kept AS SELECT * FROM head; DROP TABLE head",
            "it has no head any more",
            "CREATE TABLE head (id INTEGER PRIMARY KEY CHECK (id = 1), count INTEGER NOT NULL, hash TEXT NOT NULL,"
            " at TEXT NOT NULL, signature TEXT NOT NULL, algorithm TEXT NOT NULL, certificate_serial TEXT NOT NULL,"
            " certificate TEXT NOT NULL); INSERT INTO head SELECT * FROM kept; DROP TABLE kept",
        ),
        (
            "DROP INDEX decisions_by_identity",
            "it has no decisions_by_identity any more",
            "CREATE INDEX decisions_by_identity ON decisions (identity, number) WHERE identity != ''",
        ),
        (
            "CREATE TABLE kept AS SELECT * FROM events WHERE number = 6; DELETE FROM events WHERE number = 6",
            "it ends with event 5, and not as the CA left it, with 6",
            "INSERT INTO events SELECT * FROM kept; DROP TABLE kept",
        ),
        (
            "INSERT INTO events SELECT number + 1, kind, decision, body, digest, hash FROM events WHERE number = 6",
            "it ends with event 7, and not as the CA left it, with 6",
            "DELETE FROM events WHERE number = 7",
        ),
        (
            "CREATE TABLE kept AS SELECT * FROM events; UPDATE events SET hash = zeroblob(32) WHERE number = 6",
            "it ends with event 6, and not as the CA left it, with 6",
            "UPDATE events SET hash = (SELECT hash FROM kept WHERE number = 6) WHERE number = 6; DROP TABLE kept",
        ),
    ],
    ids=["table renamed", "table dropped", "index dropped", "cut off", "added", "changed"],
)
def test_another_program_that_writes(kept: Kept, script: str, says: str, undo: str) -> None:
    """A ledger without its tables, or with another end than the CA's, is not written to until that is undone."""
    kept.execute(script)
    assert f"Another program has written to {kept.path}: {says}." in kept.refuses()
    kept.execute(undo)
    kept.goes_on()


def test_a_file_that_was_overwritten(kept: Kept, tmp_path: Path) -> None:
    """A backup copied over the file that is in use leaves neither of the two: nothing more goes into that."""
    with closing(sqlite3.connect(tmp_path / "backup.db")) as backup, closing(sqlite3.connect(kept.path)) as source:
        source.backup(backup)
    kept.issue(MANY)
    shutil.copyfile(tmp_path / "backup.db", kept.path)
    assert f"{kept.path} was overwritten" in kept.refuses()


def test_a_log_that_was_cut_off(kept: Kept) -> None:
    """What SQLite remembers of a log that is not there any more does not count."""
    os.truncate(kept.log, 0)
    assert f"{kept.path} cannot be written" in kept.refuses()


def test_a_log_that_was_deleted_loses_nothing(kept: Kept) -> None:
    """All that the CA had recorded is in the file when it has ended, whoever else has the file open."""
    reader = LedgerReader(kept.path)
    kept.issue(20)
    kept.log.unlink()
    assert "stop the mesh and start it again" in kept.refuses().lower()
    kept.ledger.close()
    reader.close()
    assert len(LedgerReader(kept.path).entries(limit=100)) == 23
    assert verify_ledger(kept.path, ROOTS).problems == ()


_READS = """
import sqlite3, sys
from pathlib import Path
from meshtui.ca.ledger import LedgerReader
from meshtui.ca.verify_ledger import read_signed_head, verify_ledger
path, roots, rounds = Path(sys.argv[1]), sys.argv[2].encode(), int(sys.argv[3])
kept = LedgerReader(path)
for turn in range(rounds):
    reader = LedgerReader(path)
    assert len(reader.entries(limit=10_000)) <= len(kept.entries(limit=10_000))
    reader.close()
    read_signed_head(path)
    assert verify_ledger(path, roots).problems == ()
    other = sqlite3.connect(path, isolation_level=None, timeout=60)
    other.execute(f"PRAGMA wal_checkpoint({('PASSIVE', 'FULL', 'RESTART', 'TRUNCATE')[turn % 4]})").fetchall()
    other.execute("BEGIN IMMEDIATE")
    other.execute("ROLLBACK")
    other.execute("VACUUM" if turn % 4 == 2 else "ANALYZE")
    other.close()
    print("done", flush=True)
"""


def test_readers_and_checkpoints_are_no_reason_to_stop(kept: Kept) -> None:
    """While others read, check, checkpoint and tidy up all the time, everything is recorded without one complaint."""
    command = [sys.executable, "-c", _READS, str(kept.path), ROOT.pem, str(ROUNDS)]
    others = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    for _ in range(ROUNDS):
        for other in others:
            kept.issue(PACE)
            assert other.stdout is not None
            assert other.stdout.readline() == "done\n"
    assert [(other.communicate(timeout=30)[0], other.returncode) for other in others] == [("", 0)] * 2
    kept.goes_on()
