"""Many callers share a wait for the disk, and each hears of its own decision."""

from __future__ import annotations

import asyncio
import sqlite3
from dataclasses import replace
from pathlib import Path

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
    ledger._connection.execute("PRAGMA busy_timeout = 0")
    blocker = sqlite3.connect(path, isolation_level=None)
    blocker.execute("BEGIN IMMEDIATE")
    outcomes = await asyncio.gather(*(_issue(group, f"b{number}") for number in range(5)), return_exceptions=True)
    assert [type(outcome) for outcome in outcomes] == [StateError] * 5
    blocker.execute("ROLLBACK")
    blocker.close()
    await _issue(group, "c1")
    assert [entry.serial for entry in LedgerReader(path).entries()] == ["c1"]
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
