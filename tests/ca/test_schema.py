"""Ledgers of before keep what they say, to the last hash, and what they never said cannot be put into their mouth."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest

from meshtui.ca import schema
from meshtui.ca.ledger import Ledger, LedgerReader
from meshtui.ca.ledger_rows import last_event, text
from meshtui.ca.records import Applicant, Policy
from meshtui.ca.seal import sign_head
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.errors import StateError
from tests.ca.test_ledger import APPLICANT, INTENT, ROOT
from tests.identity.forge import NOW

ROOTS = ROOT.pem.encode()
END_OF_2 = "50ed91633d4e7eec8076ecaf1d8dc92f14c1e97f01f3613bee80e228caaf5695"
"""The last hash of the ledger below, as the meshtui that wrote schema 2 computed it."""
_OLD = {
    **asdict(APPLICANT),
    "at": text(INTENT.at),
    "authority": "root",
    "identity": INTENT.identity,
    "csr_sha256": "c" * 64,
    "public_key_sha256": "d" * 64,
    "requested_names": INTENT.identity,
    "requested_seconds": 0,
    "effective_seconds": 86_400,
    "limited_by": "default",
    "not_before": text(INTENT.not_before),
    "not_after": text(INTENT.not_after),
}


@pytest.fixture(params=[1, 2], ids=["from 1", "from 2"])
def version(request: pytest.FixtureRequest) -> int:
    """Of the schema that the ledger has before it is opened."""
    return int(request.param)


@pytest.fixture
def path(tmp_path: Path, version: int) -> Path:
    """A ledger of before: two certificates, a failure and a refusal; as of 2 with a chain and a signed head."""
    found = tmp_path / "ledger.db"
    with closing(sqlite3.connect(found, isolation_level=None)) as connection:
        connection.executescript(schema._FIRST)
        for state, serial, pem in (("issued", "a1", "PEM 1"), ("issued", "a2", "PEM 2"), ("failed", "a3", "")):
            _insert(connection, {**_OLD, "state": state, "serial": serial, "pem": pem})
        _insert(connection, {"at": _OLD["at"], **asdict(APPLICANT), "state": "refused", "reason": "bad-csr"})
        if version == 2:
            schema.migrate_first(connection)
            head = sign_head(*last_event(connection), NOW, ROOT)
            _insert(connection, {"id": 1, **head.document}, "head")
        connection.execute(f"PRAGMA user_version = {version}")
    return found


def _insert(connection: sqlite3.Connection, row: dict[str, object], table: str = "decisions") -> None:
    marks = ", ".join("?" * len(row))
    connection.execute(f"INSERT INTO {table} ({', '.join(row)}) VALUES ({marks})", tuple(row.values()))


def _sealed(path: Path, days: int = 0) -> Ledger:
    ledger = Ledger.open(path, (NOW + timedelta(days=days)).replace)
    ledger.seal_with(ROOT)
    return ledger


def _grown(path: Path) -> None:
    """Brought up, with decisions of today behind those of before: numbers 5 to 8."""
    ledger = _sealed(path)
    ledger.issued(ledger.intend(replace(INTENT, serial="b1", policy=Policy.TRUSTED_NODE)), "PEM 5")
    ledger.failed(ledger.intend(replace(INTENT, serial="b2")), "signed-wrong", "dates")
    ledger.refused(APPLICANT, "bad-csr", "why", NOW)
    ledger.refused(Applicant(), "no-credential", "none", NOW)
    ledger.close()


def _started_much_later(path: Path) -> None:
    """Twice: what expired before the CA last worked may go."""
    for days in (92, 93):
        _sealed(path, days).close()


def test_old_and_new_decisions_stand_in_one_chain(path: Path) -> None:
    """Rows of before have no policy, those of today have theirs, and the whole is vouched for."""
    _grown(path)
    assert [entry.policy for entry in LedgerReader(path).entries()] == [
        *("", "", "own-identity", "trusted-node"),
        *("", "", "", ""),
    ]
    verdict = verify_ledger(path, ROOTS)
    assert (verdict.problems, verdict.decisions) == ((), 8)


def test_what_was_hashed_before_stays_as_it_was(path: Path) -> None:
    """The chain of before ends in the hash that the meshtui of its time gave it, whichever way it was brought here."""
    _sealed(path).close()
    with closing(sqlite3.connect(path)) as connection:
        count, end = last_event(connection)
    assert (count, end.hex()) == (7, END_OF_2)


@pytest.mark.parametrize(
    ("number", "change"),
    [
        *((number, "policy = 'gateway'") for number in range(1, 9)),
        (5, "policy = ''"),
        (5, "count = 9"),
        (5, "detail = 'a slip'"),
        (6, "pem = 'PEM 1'"),
        (7, "pem = 'PEM 1'"),
        (7, "serial = 'c1'"),
        (8, "identity = 'spiffe://cluster.local/ns/prod/sa/admin'"),
    ],
)
def test_what_was_never_said_cannot_be_filled_in(path: Path, number: int, change: str) -> None:
    """A policy that is edited, taken away, or given to a decision that had none is found, as is anything like it."""
    _grown(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute(f"UPDATE decisions SET {change} WHERE number = {number}")
    assert f"Decision {number} was changed after it was recorded" in verify_ledger(path, ROOTS).problems[0]


def test_an_intent_cannot_pass_as_one_of_before(path: Path) -> None:
    """Turning its event into a kind that covers no policy breaks the chain."""
    _grown(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE decisions SET policy = '' WHERE number = 5")
        connection.execute("UPDATE events SET kind = 'intent' WHERE decision = 5 AND kind = 'intent-3'")
    problems = " ".join(verify_ledger(path, ROOTS).problems)
    assert "Decision 5 was changed" in problems
    assert "does not follow" in problems


def test_old_and_new_decisions_are_pruned_alike(path: Path) -> None:
    """Once all of them have expired for long, both go."""
    _grown(path)
    _started_much_later(path)
    assert LedgerReader(path).entries() == []
    assert verify_ledger(path, ROOTS).problems == ()


def test_a_policy_that_was_filled_in_is_not_pruned_away(path: Path) -> None:
    """Nothing of a ledger goes from where it was edited on."""
    _grown(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("UPDATE decisions SET policy = 'gateway' WHERE number = 2")
    _started_much_later(path)
    assert [entry.number for entry in LedgerReader(path).entries()] == [8, 7, 6, 5, 4, 3, 2]
    assert verify_ledger(path, ROOTS).problems


@pytest.mark.parametrize("version", [2])
def test_a_chain_without_a_head_is_not_signed_for_being_old(path: Path) -> None:
    """Schema 2 knew signatures: bringing it up vouches for nothing that its CA did not sign."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("DELETE FROM head")
    with pytest.raises(StateError, match="does not end as its CA signed it"):
        _sealed(path)


def test_a_ledger_of_today_cannot_pass_as_an_older_one(path: Path) -> None:
    """A ledger of today that is said to be an older one is not brought up again, and stays as it is."""
    _grown(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA user_version = 2")
    with pytest.raises(StateError, match="policy"):
        Ledger.open(path)
