"""Many callers share a wait for the disk, and each hears of its own decision."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest

from meshtui.ca.group_commit import GroupCommit
from meshtui.ca.ledger import Ledger, LedgerReader, SerialTakenError
from meshtui.ca.records import State
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.errors import StateError
from tests.ca.test_ledger import APPLICANT, INTENT, ROOT
from tests.identity.forge import NOW


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def ledger(path: Path) -> Ledger:
    found = Ledger.open(path, lambda: NOW)
    found.seal_with(ROOT)
    return found


async def _issue(group: GroupCommit, serial: str) -> int:
    number = await group.intend(replace(INTENT, serial=serial))
    await group.issued(number, f"PEM {serial}")
    return number


async def test_many_are_recorded_together(ledger: Ledger, path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hundred certificates take far fewer commits than two each, and everything is in the ledger afterwards."""
    commits: list[None] = []
    commit = ledger.commit
    monkeypatch.setattr(ledger, "commit", lambda: commits.append(commit()))
    group = GroupCommit(ledger)
    numbers = await asyncio.gather(*(_issue(group, f"{number:x}") for number in range(100)))
    assert len(set(numbers)) == 100
    assert len(commits) < 50
    assert [entry.state for entry in LedgerReader(path).entries(limit=200)] == [State.ISSUED] * 100
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()


async def test_who_waits_for_a_group_is_told_before_the_next_one_complains(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A failure is heard of each time, and after what was recorded before it."""
    heard: list[str] = []
    group = GroupCommit(ledger, lambda error: heard.append(error.message))
    commit = ledger.commit

    def commit_once() -> None:
        commit()
        monkeypatch.setattr(ledger, "begin", _full)

    async def issue(serial: str) -> None:
        with contextlib.suppress(StateError):
            await group.intend(replace(INTENT, serial=serial))
            heard.append(serial)

    monkeypatch.setattr(ledger, "commit", commit_once)
    first = asyncio.create_task(issue("a1"))
    await asyncio.sleep(0)  # its group gathers
    await asyncio.sleep(0)
    await asyncio.gather(first, issue("a2"), issue("a3"))
    await issue("a4")
    assert heard == ["a1", "full", "full"]


def _full() -> None:
    raise StateError("full")


async def test_one_that_fails_fails_alone(ledger: Ledger, path: Path) -> None:
    """A serial that is taken is its own caller's problem; the others of the group are recorded."""
    group = GroupCommit(ledger)
    await _issue(group, "a1")
    outcomes = await asyncio.gather(*(_issue(group, serial) for serial in ("b1", "a1", "c1")), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [int, SerialTakenError, int]
    assert [entry.serial for entry in LedgerReader(path).entries()] == ["c1", "b1", "a1"]
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()


async def test_a_disk_that_fails_fails_all_and_then_goes_on(ledger: Ledger, path: Path) -> None:
    """When nothing can be written each caller hears of it, nothing is half recorded, and it works again afterwards."""
    group = GroupCommit(ledger)
    with _locked(ledger, path):
        outcomes = await asyncio.gather(*(_issue(group, f"b{number}") for number in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StateError] * 5
    await _issue(group, "c1")
    assert [entry.serial for entry in LedgerReader(path).entries()] == ["c1"]
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()


@contextmanager
def _locked(ledger: Ledger, path: Path) -> Iterator[None]:
    """Nothing can be written."""
    ledger._connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(path, isolation_level=None)) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        yield


class Unreliable:
    """A connection that reports failure for each COMMIT, whether before or after the database has done it."""

    def __init__(self, connection: sqlite3.Connection, *, after: bool) -> None:
        self._connection, self._after = connection, after

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def execute(self, statement: str, *values: Any) -> sqlite3.Cursor:
        if statement != "COMMIT":
            return self._connection.execute(statement, *values)
        if self._after:
            self._connection.execute(statement)
        raise sqlite3.OperationalError("disk I/O error")


@contextmanager
def _commits_that_fail(ledger: Ledger, *, after: bool) -> Iterator[None]:
    connection = ledger._connection
    ledger._connection = cast(sqlite3.Connection, Unreliable(connection, after=after))
    yield
    ledger._connection = connection


def _outcomes(path: Path) -> list[tuple[str, State, str]]:
    return [(entry.serial, entry.state, entry.reason) for entry in LedgerReader(path).entries()]


async def test_what_could_not_be_recorded_becomes_a_failure_by_itself(ledger: Ledger, path: Path) -> None:
    """Intents whose outcome met a disk that failed are closed with whatever is recorded next, each as it was."""
    group = GroupCommit(ledger)
    stored, wrong = await group.intend(INTENT), await group.intend(replace(INTENT, serial="a2"))
    with _locked(ledger, path):
        for outcome in (group.issued(stored, "PEM"), group.failed(wrong, "signed-wrong", "dates")):
            with pytest.raises(StateError):
                await outcome
        with pytest.raises(StateError):
            await group.refused(APPLICANT, "bad-csr", "still not", NOW)
        assert {state for _, state, _ in _outcomes(path)} == {State.INTENT}
    await group.refused(APPLICANT, "bad-csr", "whatever comes next", NOW)
    closed = [("a2", State.FAILED, "signed-wrong"), ("a1", State.FAILED, "not-recorded")]
    assert _outcomes(path) == [("", State.REFUSED, "bad-csr"), *closed]
    await _issue(group, "b1")
    assert _outcomes(path)[2:] == closed
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()


async def test_one_whose_caller_has_hung_up_is_closed_too(ledger: Ledger, path: Path) -> None:
    """A caller that does not wait for the outcome leaves no open intent either, when that cannot be recorded."""
    group = GroupCommit(ledger)
    number = await group.intend(INTENT)
    with _locked(ledger, path):
        asking = asyncio.create_task(group.issued(number, "PEM"))
        await asyncio.sleep(0)
        asking.cancel()
        with pytest.raises(StateError):
            await group.refused(APPLICANT, "bad-csr", "in the same group", NOW)
    await _issue(group, "b1")
    assert _outcomes(path) == [("b1", State.ISSUED, ""), ("a1", State.FAILED, "not-recorded")]


@pytest.mark.parametrize("after", [False, True], ids=["not done", "done"])
async def test_after_a_commit_that_reported_failure_the_database_decides(
    ledger: Ledger, path: Path, after: bool
) -> None:
    """Whether the disk had it or not, the chain goes on, no intent stays open, and no outcome is changed."""
    group = GroupCommit(ledger)
    number = await group.intend(INTENT)
    with _commits_that_fail(ledger, after=after):
        for outcome in (group.issued(number, "PEM"), group.intend(replace(INTENT, serial="a2"))):
            with pytest.raises(StateError):
                await outcome
    await _issue(group, "b1")
    done = [("a2", State.FAILED, "not-recorded"), ("a1", State.ISSUED, "")]
    undone = [("a1", State.FAILED, "not-recorded")]
    assert _outcomes(path) == [("b1", State.ISSUED, ""), *(done if after else undone)]
    assert verify_ledger(path, ROOT.pem.encode()).problems == ()


async def test_a_caller_that_hangs_up_leaves_no_open_intent(ledger: Ledger, path: Path) -> None:
    """An intent whose caller is gone before it could be signed becomes a failure."""
    group = GroupCommit(ledger)
    asking = asyncio.create_task(group.intend(INTENT))
    await asyncio.sleep(0)
    asking.cancel()
    await _issue(group, "b1")
    async with asyncio.timeout(5):
        while (entry := LedgerReader(path).by_serial("a1")) is None or entry.state is State.INTENT:
            await group.refused(APPLICANT, "bad-csr", "to wait for the next group", NOW)
    assert (entry.state, entry.reason) == (State.FAILED, "cancelled")


def test_it_serves_one_loop_after_another(ledger: Ledger, path: Path) -> None:
    """What gathered on a loop that has ended does not hold up the next."""
    group = GroupCommit(ledger)

    async def many(prefix: str, count: int) -> None:
        async with asyncio.timeout(5):
            await asyncio.gather(*(_issue(group, f"{prefix}{number}") for number in range(count)))

    for prefix, count in (("a", 20), ("b", 3), ("c", 1)):
        asyncio.run(many(prefix, count))
    assert len(LedgerReader(path).entries()) == 24
