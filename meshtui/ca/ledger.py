"""Every decision of the CA, on disk before its answer leaves. All SQL of the CA is here.

The CA writes; the owner of the mesh reads at the same time through `LedgerReader`, in a process of its own.
One row for each decision, in the order they were made; only an intent ever changes, once, into what came of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meshtui.ca.records import Applicant, Intent, LedgerEntry, State
from meshtui.database import open_database, open_database_for_reading
from meshtui.errors import StateError

VERSION = 1
MAX_REFUSALS = 10_000
"""Older ones are dropped: refusals cost a stranger nothing and must not fill the disk."""
MAX_TEXT = 500

_SCHEMA = """
CREATE TABLE decisions (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  state TEXT NOT NULL CHECK (state IN ('intent', 'issued', 'failed', 'refused')),
  at TEXT NOT NULL,
  target TEXT NOT NULL, namespace TEXT NOT NULL, pod_name TEXT NOT NULL, pod_uid TEXT NOT NULL,
  actor TEXT NOT NULL, authenticator TEXT NOT NULL,
  authority TEXT NOT NULL DEFAULT '', serial TEXT UNIQUE, identity TEXT NOT NULL DEFAULT '',
  csr_sha256 TEXT NOT NULL DEFAULT '', public_key_sha256 TEXT NOT NULL DEFAULT '',
  requested_names TEXT NOT NULL DEFAULT '',
  requested_seconds INTEGER NOT NULL DEFAULT 0, effective_seconds INTEGER NOT NULL DEFAULT 0,
  limited_by TEXT NOT NULL DEFAULT '', not_before TEXT, not_after TEXT,
  pem TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT '');
CREATE INDEX decisions_by_pod ON decisions (pod_uid, number);
CREATE INDEX decisions_by_target ON decisions (target, number);
CREATE INDEX decisions_by_authority ON decisions (authority);
CREATE INDEX refusals ON decisions (number) WHERE state = 'refused';
"""
_COLUMNS = tuple(LedgerEntry.__dataclass_fields__)
_SELECT = f"SELECT {', '.join(_COLUMNS)} FROM decisions"  # noqa: S608 - names of our own dataclass
_DATES = ("at", "not_before", "not_after")


class Ledger:
    """The CA's side. Made by `open`; used by one thread. Every method raises StateError when the disk fails it."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def open(cls, path: Path) -> Ledger:
        """Open the ledger, or make one where there is no file; raises StateError for a damaged or newer one.

        Intents that a crash left behind become failures: their certificates were never handed out.
        """
        ledger = cls(open_database(path, version=VERSION, schema=_SCHEMA))
        with _writing():
            ledger._connection.execute(
                "UPDATE decisions SET state = 'failed', reason = 'interrupted',"
                " detail = 'The CA stopped before the certificate was recorded.' WHERE state = 'intent'"
            )
        return ledger

    def intend(self, intent: Intent) -> int:
        """Record what is about to be signed; returns its number."""
        with _writing():
            cursor = self._insert(
                State.INTENT,
                intent.at,
                intent.applicant,
                authority=intent.authority,
                serial=intent.serial,
                identity=intent.identity,
                csr_sha256=intent.csr_sha256,
                public_key_sha256=intent.public_key_sha256,
                requested_names=_bounded(intent.requested_names),
                requested_seconds=intent.requested_seconds,
                effective_seconds=intent.effective_seconds,
                limited_by=intent.limited_by,
                not_before=_text(intent.not_before),
                not_after=_text(intent.not_after),
            )
        assert cursor.lastrowid is not None
        return cursor.lastrowid

    def issued(self, number: int, pem: str) -> None:
        """Record the certificate of an intent. When this returns, it may be handed out."""
        with _writing():
            cursor = self._connection.execute(
                "UPDATE decisions SET state = 'issued', pem = ? WHERE number = ? AND state = 'intent'", (pem, number)
            )
            if cursor.rowcount != 1:
                raise StateError(f"The CA's ledger has lost decision {number}.", fix="Check its disk.")

    def failed(self, number: int, reason: str, detail: str) -> None:
        """Record that nothing came of an intent."""
        with _writing():
            self._connection.execute(
                "UPDATE decisions SET state = 'failed', reason = ?, detail = ? WHERE number = ? AND state = 'intent'",
                (reason, _bounded(detail), number),
            )

    def refused(self, applicant: Applicant, reason: str, detail: str, now: datetime) -> None:
        """Record that a request was turned down."""
        with _writing():
            cursor = self._insert(State.REFUSED, now, applicant, reason=reason, detail=_bounded(detail))
            assert cursor.lastrowid is not None
            if cursor.lastrowid % 100 == 0:
                self._connection.execute(
                    "DELETE FROM decisions WHERE state = 'refused' AND number <= ("
                    "SELECT number FROM decisions WHERE state = 'refused' ORDER BY number DESC LIMIT 1 OFFSET ?)",
                    (MAX_REFUSALS,),
                )

    def _insert(self, state: State, at: datetime, applicant: Applicant, **columns: str | int) -> sqlite3.Cursor:
        values = {
            "state": state.value,
            "at": _text(at),
            **{name: _bounded(getattr(applicant, name)) for name in Applicant.__dataclass_fields__},
            **columns,
        }
        return self._connection.execute(
            f"INSERT INTO decisions ({', '.join(values)}) VALUES ({', '.join('?' * len(values))})",  # noqa: S608 - ours
            tuple(values.values()),
        )

    def has_serial(self, serial: str) -> bool:
        """Whether a certificate was ever to have this serial."""
        return self._any("SELECT 1 FROM decisions WHERE serial = ?", serial)

    def has_signed(self, authority: str) -> bool:
        """Whether this authority ever signed, or was about to."""
        return self._any("SELECT 1 FROM decisions WHERE authority = ? LIMIT 1", authority)

    def _any(self, query: str, value: str) -> bool:
        with _writing():
            return self._connection.execute(query, (value,)).fetchone() is not None

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


class LedgerReader:
    """The owner's side: reads while the CA writes. Every method raises StateError when the file cannot be read."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._connection = open_database_for_reading(path)

    def latest_for_pod(self, pod_uid: str) -> LedgerEntry | None:
        """The newest certificate that was issued to a pod."""
        return self._one("WHERE pod_uid = ? AND state = 'issued' ORDER BY number DESC LIMIT 1", pod_uid)

    def latest_for_target(self, target: str) -> LedgerEntry | None:
        """The newest certificate that was issued for a target, such as a gateway's."""
        return self._one("WHERE target = ? AND state = 'issued' ORDER BY number DESC LIMIT 1", target)

    def by_serial(self, serial: str) -> LedgerEntry | None:
        """The decision about a serial (lower-case hexadecimal)."""
        return self._one("WHERE serial = ?", serial)

    def entries(self, *, pod_uid: str | None = None, target: str | None = None, limit: int = 100) -> list[LedgerEntry]:
        """Decisions, newest first, refusals included: about one pod, one target, or everything."""
        if pod_uid is not None:
            return self._all("WHERE pod_uid = ? ORDER BY number DESC LIMIT ?", pod_uid, limit)
        if target is not None:
            return self._all("WHERE target = ? ORDER BY number DESC LIMIT ?", target, limit)
        return self._all("ORDER BY number DESC LIMIT ?", limit)

    def _one(self, clause: str, value: str) -> LedgerEntry | None:
        return next(iter(self._all(clause, value)), None)

    def _all(self, clause: str, *values: str | int) -> list[LedgerEntry]:
        try:
            return [_entry(row) for row in self._connection.execute(f"{_SELECT} {clause}", values)]
        except sqlite3.Error as error:
            raise StateError(f"The CA's ledger {self._path} cannot be read: {error}.") from error

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()


@contextmanager
def _writing() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise StateError(f"The CA's ledger cannot be written: {error}.", fix="Free some disk space.") from error


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def _bounded(text: str) -> str:
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def _entry(row: tuple[Any, ...]) -> LedgerEntry:
    values = dict(zip(_COLUMNS, row, strict=True))
    for name in _DATES:
        values[name] = datetime.fromisoformat(values[name]) if values[name] else None
    return LedgerEntry(**{**values, "state": State(values["state"]), "serial": values["serial"] or ""})
