"""What may be dropped from the ledger, and dropping it: its beginning, and refusals that are too many.

Only the beginning, because the chain must go on without a gap: everything before a checkpoint goes, events and
decisions alike, once the last certificate among them has expired `KEPT_AFTER_EXPIRY` ago. One certificate of a year
keeps what came after it for as long. Runs at each start of the CA, never while it serves.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from meshtui.ca.ledger_rows import text

KEPT_AFTER_EXPIRY = timedelta(days=90)


@dataclass(frozen=True)
class Cut:
    """The beginning of a ledger that may go."""

    events: int
    """Number of its last event."""
    hash: bytes
    """Of that event."""
    certificates: int
    """How many go with it."""
    before: datetime
    """All of them had expired then."""

    def statement(self, at: datetime) -> dict[str, Any]:
        """For the checkpoint."""
        return {
            "dropped": "beginning",
            "events": self.events,
            "hash": self.hash.hex(),
            "certificates": self.certificates,
            "expired_before": text(self.before),
            "at": text(at),
        }


def expired_beginning(connection: sqlite3.Connection, before: datetime) -> Cut | None:
    """The longest beginning in which everything had expired at `before`, and no intent awaits its outcome."""
    limit = text(before)
    found, certificates, pending = None, 0, 0
    events = connection.execute(
        "SELECT events.number, kind, hash, state, at, not_after FROM events LEFT JOIN decisions"
        " ON decisions.number = decision ORDER BY events.number"
    )
    for number, kind, digest, state, at, not_after in events:
        if state is not None and (state == "intent" or (not_after or at) >= limit):
            break
        pending += {"intent": 1, "issued": -1, "failed": -1}.get(kind, 0)
        certificates += kind == "issued"
        if not pending:
            found = Cut(number, digest, certificates, before)
    events.close()
    return found


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
