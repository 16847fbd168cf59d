"""What a decision writes: its row, and the events that make it final. Inside transactions that are somebody else's.

A row that changes, from an intent into what came of it, is two events. The refusals of one reason in one minute,
before anyone is authenticated, are one row that counts and one event when the minute is over: strangers can make
three or four rows a minute, whatever they send.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import Any

from meshtui.ca.chain import COVERED, START, Kind, digest, link
from meshtui.ca.records import Applicant, Intent, State
from meshtui.ca.refusal import Failure
from meshtui.ca.seal import sign
from meshtui.ca.signer import Signer
from meshtui.errors import StateError

MAX_TEXT = 500


class SerialTakenError(StateError):
    """Another certificate has this serial, or was to have it."""


@dataclass(frozen=True)
class Position:
    """Where the ledger stands: what a rollback goes back to."""

    count: int
    """Of events."""
    hash: bytes
    """Of the last of them."""
    minutes: Mapping[tuple[str, str], int]
    """The rows that still count refusals, by reason and minute."""
    signers: frozenset[str]
    """The authorities that are on record."""


def last_event(connection: sqlite3.Connection) -> tuple[int, bytes]:
    """Number and hash of the event at the end of the file."""
    last = connection.execute("SELECT number, hash FROM events ORDER BY number DESC LIMIT 1").fetchone()
    return last or (0, START)


class LedgerRows:
    """Statements on an open transaction.

    A StateError concerns the one decision, and the transaction goes on; after an sqlite3.Error it must be rolled
    back, and `position` set to what it was.
    """

    def __init__(self, connection: sqlite3.Connection) -> None:
        """Goes on where the file ends."""
        self._connection = connection
        names = frozenset(name for (name,) in connection.execute("SELECT name FROM signers"))
        self.position = Position(*last_event(connection), {}, names)

    def intend(self, intent: Intent) -> int:
        """What is about to be signed; returns its number. Raises SerialTakenError."""
        self._close_minutes(_minute(intent.at))
        if intent.authority not in self.position.signers:
            self._connection.execute("INSERT OR IGNORE INTO signers VALUES (?)", (intent.authority,))
            self.position = replace(self.position, signers=self.position.signers | {intent.authority})
        values = {
            "at": text(intent.at),
            **_applicant(intent.applicant),
            "authority": intent.authority,
            "serial": intent.serial,
            "identity": intent.identity,
            "csr_sha256": intent.csr_sha256,
            "public_key_sha256": intent.public_key_sha256,
            "requested_names": bounded(intent.requested_names),
            "requested_seconds": intent.requested_seconds,
            "effective_seconds": intent.effective_seconds,
            "limited_by": intent.limited_by,
            "not_before": text(intent.not_before),
            "not_after": text(intent.not_after),
            "policy": intent.policy,
        }
        try:
            number = self._insert(_INTEND, values)
        except sqlite3.IntegrityError as error:
            raise SerialTakenError(f"The serial {intent.serial} was used before.") from error
        self._append(Kind.INTENT, number, (number, *values.values()))
        return number

    def issued(self, number: int, pem: str) -> None:
        """The certificate of an intent."""
        self._outcome("state = 'issued', pem = ?", (pem,), number)
        self._append(Kind.ISSUED, number, (number, pem))

    def failed(self, number: int, reason: str, detail: str) -> None:
        """Nothing came of an intent."""
        detail = bounded(detail)
        self._outcome("state = 'failed', reason = ?, detail = ?", (reason, detail), number)
        self._append(Kind.FAILED, number, (number, reason, detail))

    def refused(self, applicant: Applicant, reason: str, detail: str, now: datetime) -> None:
        """A request was turned down. Where nobody vouches for the applicant, it is counted with others like it."""
        minute = _minute(now)
        self._close_minutes(minute)
        if not applicant.authenticator and (reason, minute) in self.position.minutes:
            self._connection.execute(
                "UPDATE decisions SET count = count + 1, last_at = ? WHERE number = ?",
                (text(now), self.position.minutes[reason, minute]),
            )
            return
        values = {
            "at": text(now),
            **_applicant(applicant),
            "reason": reason,
            "detail": bounded(detail),
            "count": 1,
            "last_at": None,
        }
        number = self._insert(_REFUSE, {**values, "sealed": int(bool(applicant.authenticator))})
        if applicant.authenticator:
            self._append(Kind.REFUSED, number, (number, *values.values()))
        else:
            self._move(minutes={**self.position.minutes, (reason, minute): number})

    def finish(self) -> None:
        """Make what a predecessor left open final: intents that a crash interrupted, minutes that were not over."""
        for (number,) in self._connection.execute("SELECT number FROM decisions WHERE state = 'intent'").fetchall():
            self.failed(number, Failure.INTERRUPTED, "The CA stopped before the certificate was recorded.")
        for (number,) in self._connection.execute("SELECT number FROM decisions WHERE sealed = 0").fetchall():
            self._close(number)
        self._move(minutes={})

    def checkpoint(self, statement: Mapping[str, Any], signer: Signer) -> None:
        """Say, signed, what is being dropped."""
        body = json.dumps({**statement, "seal": asdict(sign(statement, signer))}, sort_keys=True)
        self._append(Kind.CHECKPOINT, 0, (body,), body)

    def _close_minutes(self, now: str) -> None:
        over = {key: number for key, number in self.position.minutes.items() if key[1] != now}
        for number in over.values():
            self._close(number)
        if over:
            self._move(minutes={key: number for key, number in self.position.minutes.items() if key not in over})

    def _close(self, number: int) -> None:
        self._connection.execute("UPDATE decisions SET sealed = 1 WHERE number = ?", (number,))
        columns = ", ".join(COVERED[Kind.REFUSED])
        query = f"SELECT {columns} FROM decisions WHERE number = ?"  # noqa: S608 - names of our own
        self._append(Kind.REFUSED, number, self._connection.execute(query, (number,)).fetchone())

    def _insert(self, statement: str, values: Mapping[str, Any]) -> int:
        number = self._connection.execute(statement, tuple(values.values())).lastrowid
        assert number is not None
        return number

    def _outcome(self, change: str, values: tuple[str, ...], number: int) -> None:
        done = self._connection.execute(
            f"UPDATE decisions SET {change} WHERE number = ? AND state = 'intent'",  # noqa: S608 - words of our own
            (*values, number),
        )
        if done.rowcount != 1:
            raise StateError(f"The CA's ledger has lost decision {number}.", fix="See meshtui history --verify.")

    def _append(self, kind: Kind, decision: int, values: tuple[Any, ...], body: str = "") -> None:
        number, content = self.position.count + 1, digest(kind, values)
        latest = link(self.position.hash, number, kind, decision, content)
        self._connection.execute(
            "INSERT INTO events (number, kind, decision, body, digest, hash) VALUES (?, ?, ?, ?, ?, ?)",
            (number, kind.value, decision, body, content, latest),
        )
        self.position = replace(self.position, count=number, hash=latest)

    def _move(self, *, minutes: Mapping[tuple[str, str], int]) -> None:
        self.position = replace(self.position, minutes=minutes)


def text(moment: datetime) -> str:
    """A time as the ledger keeps it: all of one length, so that they sort."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")


def bounded(words: str) -> str:
    """What fits into a row."""
    return words if len(words) <= MAX_TEXT else words[: MAX_TEXT - 1] + "…"


def _applicant(applicant: Applicant) -> dict[str, str]:
    return {name: bounded(getattr(applicant, name)) for name in Applicant.__dataclass_fields__}


def _minute(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M")


def _statement(state: State, columns: tuple[str, ...]) -> str:
    marks = ", ".join("?" * len(columns))
    return f"INSERT INTO decisions (state, {', '.join(columns)}) VALUES ('{state}', {marks})"  # noqa: S608 - ours


_INTEND = _statement(State.INTENT, COVERED[Kind.INTENT][1:])
_REFUSE = _statement(State.REFUSED, (*COVERED[Kind.REFUSED][1:], "sealed"))
