"""A ledger that somebody edited, deleted or damaged, and what the CA must not do with it: sign for it, or go on."""

from __future__ import annotations

import sqlite3
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest

from meshtui.ca.chain import COVERED, START, Kind, digest, link
from meshtui.ca.ledger import Ledger, LedgerReader
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.errors import StateError
from tests.ca.test_ledger import INTENT, ROOT
from tests.identity.forge import NOW

ROOTS = ROOT.pem.encode()
COUNT = 10


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A whole ledger."""
    found = tmp_path / "ledger.db"
    ledger = Ledger.open(found, lambda: NOW)
    ledger.seal_with(ROOT)
    for number in range(COUNT):
        ledger.issued(ledger.intend(replace(INTENT, serial=f"{number:x}")), f"PEM {number}")
    ledger.close()
    assert verify_ledger(found, ROOTS).problems == ()
    return found


def _start(path: Path) -> None:
    """What a CA does with its ledger at its start, if it starts."""
    with suppress(StateError):
        ledger = Ledger.open(path, lambda: NOW)
        ledger.seal_with(ROOT)
        ledger.close()


_ENDED = "UPDATE decisions SET not_after = '2020-01-01T00:00:00.000000+00:00' WHERE number <= 5"


@pytest.mark.parametrize(
    "script",
    [
        _ENDED,
        f"{_ENDED}; UPDATE events SET digest = zeroblob(32) WHERE decision <= 5",
        f"{_ENDED}; UPDATE events SET kind = 'nonsense' WHERE number = 1",
        f"{_ENDED}; UPDATE events SET decision = 999 WHERE decision = 1",
        f"{_ENDED}; UPDATE events SET kind = 'checkpoint', body = 'nonsense' WHERE number = 20",
    ],
    ids=["row", "row and digest", "row and kind", "row of another", "a checkpoint that is none"],
)
def test_what_was_made_to_look_expired_is_not_signed_away(path: Path, script: str) -> None:
    """An edited ledger is not tidied up by the next start: nothing of it is dropped, and the edit is found."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(script)
    _start(path)
    assert len(LedgerReader(path).entries()) == COUNT
    assert verify_ledger(path, ROOTS).problems


def _rewrite_chain(connection: sqlite3.Connection) -> None:
    """Write all digests and hashes anew, as whoever can write the file and has no key can."""
    previous = START
    events = connection.execute("SELECT number, kind, decision FROM events ORDER BY number").fetchall()
    for number, kind, decision in events:
        columns = ", ".join(COVERED[Kind(kind)])
        (values,) = connection.execute(f"SELECT {columns} FROM decisions WHERE number = ?", (decision,)).fetchall()
        content = digest(Kind(kind), values)
        previous = link(previous, number, Kind(kind), decision, content)
        connection.execute("UPDATE events SET digest = ?, hash = ? WHERE number = ?", (content, previous, number))


@pytest.mark.parametrize(
    "script",
    [
        "UPDATE decisions SET actor = 'nobody' WHERE number = 3",
        "DELETE FROM events WHERE decision > 5; DELETE FROM decisions WHERE number > 5",
        "UPDATE decisions SET actor = 'nobody' WHERE number = 3; DELETE FROM head",
    ],
    ids=["edited", "cut off", "no head"],
)
def test_a_rewritten_chain_is_not_signed_at_the_next_start(path: Path, script: str) -> None:
    """A chain that was computed anew after an edit does not end as the CA signed it, and the CA does not sign it."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.executescript(script)
        _rewrite_chain(connection)
    assert verify_ledger(path, ROOTS).problems
    _start(path)
    assert verify_ledger(path, ROOTS).problems
