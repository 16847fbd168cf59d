"""What may be dropped from the ledger, and dropping it: its beginning, and refusals that are too many.

Only the beginning, because the chain must go on without a gap: everything before a checkpoint goes, events and
decisions alike, once the last certificate among them has expired `KEPT_AFTER_EXPIRY` ago. One certificate of a year
keeps what came after it for as long. Runs at each start of the CA, never while it serves.
"""

from __future__ import annotations

import contextlib
import json
import sqlite3
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meshtui.ca.chain import COVERED, INTENTS, START, UNSAID, Kind, digest, link
from meshtui.ca.ledger_rows import text

KEPT_AFTER_EXPIRY = timedelta(days=90)

_COVERED = tuple(dict.fromkeys(f"decisions.{name}" for names in COVERED.values() for name in names))


@dataclass(frozen=True)
class Cut:
    """The beginning of a ledger that may go."""

    events: int
    """Number of its last event."""
    hash: bytes
    """Of that event."""
    certificates: int
    """How many go with it."""
    before: str
    """All of them had expired then."""

    def statement(self, at: datetime) -> dict[str, Any]:
        """For the checkpoint."""
        return {
            "dropped": "beginning",
            "events": self.events,
            "hash": self.hash.hex(),
            "certificates": self.certificates,
            "expired_before": self.before,
            "at": text(at),
        }


def expired_beginning(connection: sqlite3.Connection, before: datetime) -> Cut | None:
    """The longest beginning in which everything had expired at `before`, and no intent awaits its outcome.

    It ends where an event or its decision is not what the chain says: what somebody changed, such as the end of a
    certificate's life, must not be signed away but stay for `verify_ledger` to find. Nor may a clock that is wrong at
    a start make living certificates look expired, so that `before` is no later than when the CA last worked.
    """
    worked = connection.execute("SELECT at FROM head").fetchone()
    if worked is None:
        return None
    limit, previous = min(text(before), worked[0]), _hash_before(connection)
    found, certificates, pending = None, 0, 0
    for event in _events(connection):
        expired = event["state"] != "intent" and (event["not_after"] or event["at"] or "") < limit
        if not expired or not _follows(previous, event):
            break
        kind, previous = event["kind"], event["hash"]
        pending += 1 if kind in INTENTS else -1 if kind in ("issued", "failed") else 0
        certificates += kind == "issued"
        if not pending:
            found = Cut(event["position"], previous, certificates, limit)
    return found


def _hash_before(connection: sqlite3.Connection) -> bytes:
    """Of the event before the first one that is there."""
    bodies = connection.execute("SELECT body FROM events WHERE kind = 'checkpoint' ORDER BY number DESC").fetchall()
    try:
        statements = (json.loads(body) for (body,) in bodies)
        return next((bytes.fromhex(each["hash"]) for each in statements if each["dropped"] == "beginning"), START)
    except (ValueError, KeyError, TypeError):
        return b""  # no event follows from what no CA writes


def _events(connection: sqlite3.Connection) -> Iterator[Mapping[str, Any]]:
    names = ("events.number AS position", "kind", "decision", "body", "digest", "hash", "state", *_COVERED)
    cursor = connection.execute(
        f"SELECT {', '.join(names)} FROM events LEFT JOIN decisions"  # noqa: S608 - names of our own
        " ON decisions.number = decision ORDER BY events.number"
    )
    columns = [name for name, *_ in cursor.description]
    with contextlib.closing(cursor):
        for values in cursor:
            yield dict(zip(columns, values, strict=True))


def _follows(previous: bytes, event: Mapping[str, Any]) -> bool:
    """Whether an event is the next in the chain, and about what it was about. A refusal may be gone already."""
    if event["kind"] not in set(Kind):
        return False
    kind = Kind(event["kind"])
    if kind is Kind.CHECKPOINT:
        content = digest(kind, (event["body"],))
    elif event["state"] is None:
        content = event["digest"] if kind is Kind.REFUSED else b""
    else:
        untouched = all(event[name] == value for name, value in UNSAID.get(kind, {}).items())
        content = digest(kind, [event[name] for name in COVERED[kind]]) if untouched else b""
    return (content, link(previous, event["position"], kind, event["decision"], content)) == (
        event["digest"],
        event["hash"],
    )


def drop_beginning(connection: sqlite3.Connection, cut: Cut) -> None:
    """Remove it. The checkpoint must be written in the same transaction."""
    connection.execute(
        "DELETE FROM decisions WHERE number IN (SELECT decision FROM events WHERE number <= ?)", (cut.events,)
    )
    connection.execute("DELETE FROM events WHERE number <= ?", (cut.events,))


def surplus_refusals(connection: sqlite3.Connection, most: int) -> int:
    """Number of the newest refusal that is one too many; 0 when there are no more than `most`."""
    found = connection.execute(
        "SELECT number FROM decisions WHERE state = 'refused' ORDER BY number DESC LIMIT 1 OFFSET ?", (most,)
    ).fetchone()
    return int(found[0]) if found else 0


def drop_refusals(connection: sqlite3.Connection, up_to: int) -> None:
    """Remove those up to a number, but for one that still counts. Their events stay."""
    connection.execute("DELETE FROM decisions WHERE state = 'refused' AND sealed = 1 AND number <= ?", (up_to,))
