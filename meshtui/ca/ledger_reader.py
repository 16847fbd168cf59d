"""The owner's side of the ledger: reads while the CA writes, in another process. Changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from meshtui.ca.records import LedgerEntry, State
from meshtui.database import fix_for, open_database_for_reading
from meshtui.errors import StateError

_COLUMNS = tuple(LedgerEntry.__dataclass_fields__)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM decisions"  # noqa: S608 - names of our own dataclass
_DATES = ("at", "not_before", "not_after", "last_at")


class LedgerReader:
    """Every method raises StateError when the file cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = open_database_for_reading(path)

    def latest_for_pod(self, pod_uid: str) -> LedgerEntry | None:
        """The newest certificate that was issued to a pod."""
        return self._one("WHERE pod_uid = ? AND pod_uid != '' AND state = 'issued' ORDER BY number DESC", pod_uid)

    def latest_for_target(self, target: str) -> LedgerEntry | None:
        """The newest certificate that was issued for a target, such as a gateway's."""
        return self._one("WHERE target = ? AND target != '' AND state = 'issued' ORDER BY number DESC", target)

    def by_serial(self, serial: str) -> LedgerEntry | None:
        """The decision about a serial (lower-case hexadecimal)."""
        return self._one("WHERE serial = ?", serial)

    def entries(
        self,
        *,
        pod_uid: str | None = None,
        target: str | None = None,
        identity: str | None = None,
        limit: int = 100,
    ) -> list[LedgerEntry]:
        """Decisions, newest first, refusals included: about one pod, target or identity, or everything.

        Refusals before anyone was authenticated are about nobody, and only among everything.
        """
        return list(self.newest(pod_uid=pod_uid, target=target, identity=identity, limit=limit))

    def newest(
        self,
        *,
        pod_uid: str | None = None,
        target: str | None = None,
        identity: str | None = None,
        limit: int = -1,
    ) -> Iterator[LedgerEntry]:
        """The same, read as it is asked for; -1: to the first decision there is."""
        for column, value in (("pod_uid", pod_uid), ("target", target), ("identity", identity)):
            if value is not None:
                # the second condition is what lets SQLite use an index that leaves out the empty ones
                return self._rows(f"WHERE {column} = ? AND {column} != '' ORDER BY number DESC LIMIT ?", value, limit)
        return self._rows("ORDER BY number DESC LIMIT ?", limit)

    def decisions(self, since: datetime, newest: int) -> list[tuple[datetime, bool, int]]:
        """When something was issued (True) or refused, oldest first, and how often; of the `newest` at most."""
        rows = self._read(
            "SELECT at, state, count FROM decisions WHERE state IN ('issued', 'refused') ORDER BY number DESC LIMIT ?",
            newest,
        )
        found = [(datetime.fromisoformat(at), state == State.ISSUED, count) for at, state, count in rows]
        return [decision for decision in reversed(found) if decision[0] >= since]

    def _one(self, clause: str, value: str) -> LedgerEntry | None:
        return next(iter(list(self._rows(f"{clause} LIMIT 1", value))), None)

    def _rows(self, clause: str, *values: str | int) -> Iterator[LedgerEntry]:
        for row in self._read(f"{_SELECT} {clause}", *values):
            yield _entry(row)

    def _read(self, statement: str, *values: str | int) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(statement, values)
        except sqlite3.Error as error:
            fix = fix_for(error, self._path)
            raise StateError(f"The CA's ledger {self._path} cannot be read: {error}.", fix=fix) from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


def _entry(row: tuple[Any, ...]) -> LedgerEntry:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _DATES:
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return LedgerEntry(**{**values, "state": State(values["state"]), "serial": values["serial"] or ""})
