"""What operators did to the mesh: who, what, when, and how it ended.

An entry is written before the action begins, so that one which a crash interrupts is not lost.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from itertools import islice
from pathlib import Path

from msgspec.structs import replace

from meshtui.config.store import reading, transaction
from meshtui.database import open_database_for_reading
from meshtui.mesh.rows import HistoryEntry

KEPT = 100_000
"""Actions that are on record; of more, the oldest are forgotten."""
CONFIGURATION = "configuration"
"""Kind of an entry that tells of a change to manifests."""
_CONFIGURES = ("apply", "delete")


class Journal:
    """Append-only, but for the outcome of an action that is under way, and bounded."""

    def __init__(self, connection: sqlite3.Connection, kept: int = KEPT) -> None:
        self._connection = connection
        self._kept = kept

    def begin(self, *, actor: str, verb: str, target: str, now: datetime) -> int:
        """Record that an action starts; returns its number for `end`. Raises StateError when it cannot be written."""
        with transaction(self._connection):
            cursor = self._connection.execute(
                "INSERT INTO actions (started_at, actor, verb, target, outcome, text, serial)"
                " VALUES (?, ?, ?, ?, 'started', '', '')",
                (now.isoformat(), actor, verb, target),
            )
            assert cursor.lastrowid is not None
            self._connection.execute("DELETE FROM actions WHERE id <= ?", (cursor.lastrowid - self._kept,))
        return cursor.lastrowid

    def end(self, number: int, *, outcome: str, text: str, serial: str, now: datetime) -> None:
        """Record how it ended: `ok`, `failed` or `refused`, with one sentence."""
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE actions SET ended_at = ?, outcome = ?, text = ?, serial = ? WHERE id = ?",
                (now.isoformat(), outcome, text, serial, number),
            )

    def close_interrupted(self, now: datetime) -> None:
        """Mark what an earlier owner began and did not live to end."""
        with transaction(self._connection):
            self._connection.execute(
                "UPDATE actions SET ended_at = ?, outcome = 'failed', text = 'interrupted: the mesh ended meanwhile'"
                " WHERE outcome = 'started'",
                (now.isoformat(),),
            )

    def entries(self, target: str, limit: int) -> list[HistoryEntry]:
        """Newest first; of every target when `target` is empty."""
        return [replace(each, kind="operator") for each in islice(self.newest(target), limit)]

    def newest(self, target: str = "") -> Iterator[HistoryEntry]:
        """The same without end, read as it is asked for; changes of manifests are of a kind of their own."""
        where = "WHERE target = ?" if target else ""  # an index knows no `? IN ('', target)`
        rows = self._connection.execute(
            f"SELECT started_at, actor, verb, target, outcome, text, serial FROM actions {where} ORDER BY id DESC",  # noqa: S608 - a word of our own
            (target,) if target else (),
        )
        for started_at, actor, verb, subject, outcome, text, serial in rows:
            yield HistoryEntry(
                at=datetime.fromisoformat(started_at),
                kind=CONFIGURATION if verb in _CONFIGURES else "operator",
                target=subject,
                actor=actor,
                text=f"{verb}: {text}" if text else verb,
                outcome=outcome,
                serial=serial,
            )


@contextmanager
def reading_journal(path: Path) -> Iterator[Journal]:
    """The journal in this file, to be read in another thread. Raises StateError when it cannot be."""
    with closing(open_database_for_reading(path)) as connection, reading(connection):
        yield Journal(connection)
