"""Is the ledger whole, and what the CA wrote? Computed again from its file alone, without the CA.

Reads one consistent state, so it may run while the CA works. Trusts nothing in the file but what follows from a
head that was signed with a key that the mesh's roots vouch for; a head that was exported before (`against`) finds a
whole file that was replaced by an older copy, which nothing inside it could tell.
"""

from __future__ import annotations

import heapq
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from operator import itemgetter
from pathlib import Path
from typing import Any, NamedTuple

from meshtui.ca.chain import COVERED, INTENTS, START, UNSAID, Kind, digest, link
from meshtui.ca.schema import VERSION
from meshtui.ca.seal import Head, Seal, flaw, stranger
from meshtui.database import fix_for, open_database_for_reading, schema_version
from meshtui.errors import StateError

MAX_PROBLEMS = 20
"""That are told; the first is the one that matters."""


@dataclass(frozen=True)
class Verdict:
    """What was found."""

    head: Head | None
    events: int
    """How many were followed."""
    decisions: int
    """How many rows they vouch for."""
    problems: tuple[str, ...]
    """A sentence each, in the order of the ledger; none means that it is whole."""


def read_signed_head(ledger: Path) -> Head:
    """The head as it stands in the ledger; raises StateError when there is none or the file cannot be read."""
    with _reading(ledger) as connection:
        head = stored_head(connection)
    if head is None:
        raise StateError(f"{ledger} has no signed head.", fix="It gets one when its CA starts.")
    return head


def verify_ledger(ledger: Path, roots: bytes, against: Head | None = None) -> Verdict:
    """Follow the whole chain. `roots` is the PEM of the mesh's roots. Raises StateError for what is no ledger."""
    with _reading(ledger) as connection:
        try:
            return _Walk(connection, roots, against).verdict()
        except (ValueError, KeyError, TypeError) as error:
            # what the CA never writes: a kind, a state or a checkpoint that is none
            unreadable = f"It holds what no CA writes ({type(error).__name__}: {error})."
            return Verdict(None, 0, 0, (unreadable,))


class _Event(NamedTuple):
    """One link of the chain, beside what it is about as that is now."""

    number: int
    kind: Kind
    decision: int
    body: str
    digest: bytes
    hash: bytes
    state: str | None
    """Of its decision; None where that is gone."""
    covered: tuple[Any, ...]
    """The columns of its decision that it made final."""
    unsaid: tuple[Any, ...]
    """The columns that must be as they were made: `chain.UNSAID`."""


@dataclass
class _Walk:
    """One way through the ledger, from its first event to its last."""

    connection: sqlite3.Connection
    roots: bytes
    against: Head | None
    problems: list[str] = field(default_factory=list)
    refusals_dropped: int = 0
    """Refusals up to this number may be missing."""

    def verdict(self) -> Verdict:
        """Go, and say what was found."""
        head = stored_head(self.connection)
        first, previous = self._beginning()
        self._check_signature(head)
        count = first
        seen: Counter[Kind] = Counter()
        compared = self.against is None
        for event in self._events():
            number = count + 1
            if event.number != number:
                self._report(f"Event {number} is missing: the ledger goes on with {event.number}.")
                number = event.number
            self._check_content(event)
            if link(previous, number, event.kind, event.decision, event.digest) != event.hash:
                self._report(
                    f"Event {number} ({event.kind.word}, decision {event.decision}) does not follow from those before."
                )
            previous, count = event.hash, number
            seen[event.kind] += event.state is not None
            if self.against is not None and number == self.against.count:
                compared = previous.hex() == self.against.hash
        self._check_rows(seen)
        self._check_head(head, count, previous)
        if not compared:
            self._report(self._difference(count, first))
        return Verdict(head, count - first, _intents(seen) + seen[Kind.REFUSED], tuple(self.problems[:MAX_PROBLEMS]))

    def _beginning(self) -> tuple[int, bytes]:
        """Number and hash of the event before the first, by the newest checkpoint that dropped a beginning."""
        found = 0, START
        for number, body in self.connection.execute(
            "SELECT number, body FROM events WHERE kind = 'checkpoint' ORDER BY number"
        ):
            statement = json.loads(body)
            seal = Seal(**statement.pop("seal"))
            if fault := flaw(statement, seal) or stranger(seal, self.roots):
                self._report(f"The checkpoint {number} is not the CA's: {fault}.")
            elif statement["dropped"] == "refusals":
                self.refusals_dropped = max(self.refusals_dropped, statement["decisions"])
            else:
                found = statement["events"], bytes.fromhex(statement["hash"])
        return found

    def _events(self) -> Iterator[_Event]:
        """All of them. Each kind is read with the columns that it covers, which is half the work of reading all."""
        for kind, number in self.connection.execute(_UNKNOWN, tuple(Kind)):
            self._report(f"Event {number} is of a kind that no CA writes ({kind}).")
        kinds = (self.connection.execute(_of_kind(kind), (kind,)) for kind in Kind)
        for row in heapq.merge(*kinds, key=itemgetter(0)):
            number, kind, decision, body, content, end, state = row[:7]
            covered = 7 + len(COVERED.get(kind, ()))
            yield _Event(number, Kind(kind), decision, body, content, end, state, row[7:covered], row[covered:])

    def _check_content(self, event: _Event) -> None:
        """Is what an event is about still what it was? A refusal may be gone, where a checkpoint says so."""
        kind = event.kind
        if kind is Kind.CHECKPOINT:
            if digest(kind, (event.body,)) != event.digest:
                self._report(f"The checkpoint {event.number} was changed after it was recorded.")
        elif event.state is None:
            if kind is not Kind.REFUSED or event.decision > self.refusals_dropped:
                self._report(f"Decision {event.decision} is missing ({kind.word}).")
        elif digest(kind, event.covered) != event.digest or event.unsaid != _UNSAID[kind]:
            self._report(f"Decision {event.decision} was changed after it was recorded ({kind.word}).")
        elif kind not in INTENTS and event.state != kind:
            self._report(f"Decision {event.decision} is {event.state}, but it became {kind}.")

    def _check_rows(self, seen: Counter[Kind]) -> None:
        """Every row is vouched for by its events, but the refusals of a minute that is not over."""
        intents = _intents(seen) - seen[Kind.ISSUED] - seen[Kind.FAILED]
        vouched = {"intent": intents, **{kind.value: seen[kind] for kind in (Kind.ISSUED, Kind.FAILED, Kind.REFUSED)}}
        query = "SELECT state, count(*) FROM decisions WHERE sealed = 1 OR state != 'refused' GROUP BY state"
        rows = dict(self.connection.execute(query).fetchall())
        for state, expected in vouched.items():
            if (found := rows.get(state, 0)) != expected:
                self._report(f"The ledger has {found} decisions that are {state}; its events speak of {expected}.")

    def _check_signature(self, head: Head | None) -> None:
        for name, found in (("signed head", head), ("head that was exported", self.against)):
            if found is not None and (fault := found.flaw or stranger(found.seal, self.roots)):
                self._report(f"The {name} is not the CA's: {fault}.")
        if head is None:
            self._report("The ledger has no signed head.")

    def _check_head(self, head: Head | None, count: int, end: bytes) -> None:
        if head is None:
            return
        if count != head.count:
            self._report(f"The ledger ends at event {count}, but its CA signed {head.count}.")
        elif end.hex() != head.hash:
            self._report(f"Event {count} is not the one that the CA signed as the last.")

    def _difference(self, count: int, first: int) -> str:
        assert self.against is not None
        asked = self.against.count
        if asked > count:
            return f"The ledger ends at event {count}; the head that was exported knew {asked}: this is an older copy."
        if asked <= first:
            return f"The head that was exported ends at event {asked}, which was dropped; it can tell nothing any more."
        return f"Event {asked} is another one than when the head was exported."

    def _report(self, problem: str) -> None:
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(problem)


_UNKNOWN = f"SELECT kind, number FROM events WHERE kind NOT IN ({', '.join('?' * len(Kind))}) LIMIT 1"  # noqa: S608


_UNSAID = {kind: tuple(UNSAID.get(kind, {}).values()) for kind in Kind}


def _intents(seen: Counter[Kind]) -> int:
    return sum(seen[kind] for kind in INTENTS)


def _of_kind(kind: Kind) -> str:
    """All events of a kind, with the state of their decisions, what they cover of them and what they leave alone."""
    columns = ("events.number", "kind", "decision", "body", "digest", "hash", "state")
    covered = (f"decisions.{name}" for name in (*COVERED.get(kind, ()), *UNSAID.get(kind, ())))
    return (
        f"SELECT {', '.join((*columns, *covered))} FROM events"  # noqa: S608 - names of our own
        " LEFT JOIN decisions ON decisions.number = decision WHERE kind = ? ORDER BY events.number"
    )


def stored_head(connection: sqlite3.Connection) -> Head | None:
    """The head as it stands in an open ledger, unchecked; None when nothing was signed yet."""
    found = connection.execute(
        "SELECT count, hash, at, signature, algorithm, certificate_serial, certificate FROM head"
    ).fetchone()
    if found is None:
        return None
    count, text, at, signature, algorithm, serial, certificate = found
    seal = Seal(signature=signature, algorithm=algorithm, certificate_serial=serial, certificate=certificate)
    return Head(count=count, hash=text, at=at, seal=seal)


@contextmanager
def _reading(ledger: Path) -> Iterator[sqlite3.Connection]:
    """One consistent state of the file, whatever its CA writes meanwhile."""
    connection = open_database_for_reading(ledger)
    try:
        found = schema_version(connection)
        if found != VERSION:
            raise StateError(
                f"{ledger} has the schema {found}, without a chain that this meshtui knows ({VERSION}).",
                fix="Start its mesh once: an older ledger is brought up then.",
            )
        connection.execute("BEGIN")
        yield connection
    except sqlite3.Error as error:
        raise StateError(f"The ledger {ledger} cannot be read: {error}.", fix=fix_for(error, ledger)) from error
    finally:
        connection.close()
