"""Item 40 of the checklist: a ledger's files as a crash, a bad disk or another program may leave them.

A file that was copied while its CA had it open, log and all, is what a crash leaves behind. The CA either goes on
with a ledger that verifies, or does not start and changes nothing: never does it begin another ledger or another CA.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from meshtui.ca.ledger import Ledger, LedgerReader
from meshtui.ca.records import LedgerEntry
from meshtui.ca.verify_ledger import read_signed_head, verify_ledger
from meshtui.errors import StateError
from tests.ca.test_ledger import APPLICANT, INTENT, ROOT
from tests.identity.forge import NOW

ROOTS = ROOT.pem.encode()
COUNT = 30


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """What a CA leaves that dies at work: some of its ledger in the database, some in the log."""
    path = tmp_path / "alive" / "ledger.db"
    path.parent.mkdir()
    ledger = Ledger.open(path, lambda: NOW)
    ledger.seal_with(ROOT)
    for number in range(COUNT):
        ledger.issued(ledger.intend(replace(INTENT, serial=f"{number:x}")), f"PEM {number}" * 20)
        if number == COUNT // 2:
            ledger._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    ledger.refused(APPLICANT, "bad-csr", "why", NOW)
    found = tmp_path / "crashed"
    shutil.copytree(path.parent, found)
    ledger.close()
    return found / "ledger.db"


def _go_on(path: Path) -> list[LedgerEntry]:
    """Start on it, issue one more; the ledger must verify."""
    ledger = Ledger.open(path, lambda: NOW)
    ledger.seal_with(ROOT)
    ledger.issued(ledger.intend(replace(INTENT, serial="ff")), "PEM")
    ledger.close()
    assert verify_ledger(path, ROOTS).problems == ()
    return LedgerReader(path).entries(limit=1000)


def _log(path: Path) -> Path:
    return path.with_name("ledger.db-wal")


def _cut(path: Path, count: int) -> None:
    path.write_bytes(path.read_bytes()[:-count])


def _flip(path: Path, place: float, mask: int = 0xFF) -> None:
    data = bytearray(path.read_bytes())
    data[int(place * (len(data) - 1))] ^= mask
    path.write_bytes(data)


def test_a_crash_loses_nothing(crashed: Path) -> None:
    """What was committed is there, from the database and from its log."""
    assert len(_go_on(crashed)) == COUNT + 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: _cut(_log(path), 1),
        lambda path: _cut(_log(path), 3000),
        lambda path: _flip(_log(path), 0.9),
        lambda path: _log(path).write_bytes(_log(path).read_bytes() + b"\xff" * 5000),
        lambda path: path.with_name("ledger.db-shm").write_bytes(b"\xff" * 32768),
        lambda path: path.with_name("ledger.db-shm").unlink(),
    ],
    ids=["torn by a byte", "torn record", "flipped bit", "old blocks behind", "index garbage", "no index"],
)
def test_a_torn_log_ends_at_its_last_whole_record(crashed: Path, damage: Callable[[Path], None]) -> None:
    """The last record may be lost with the blocks that held it; what comes before it is whole, and work goes on."""
    damage(crashed)
    serials = [entry.serial for entry in _go_on(crashed)][::-1]
    assert serials[: COUNT // 2] == [f"{number:x}" for number in range(COUNT // 2)]
    assert COUNT // 2 < len(serials) <= COUNT + 2


@pytest.mark.parametrize(
    "damage",
    [lambda path: _log(path).unlink(), lambda path: _flip(_log(path), 0.0), lambda path: _cut(_log(path), 50_000)],
    ids=["gone", "header", "half"],
)
def test_a_log_that_is_gone_is_found_out_by_a_head(crashed: Path, damage: Callable[[Path], None]) -> None:
    """Without its log a ledger is an older one: that nothing in it can tell, and a head that was exported does."""
    exported = read_signed_head(crashed)
    damage(crashed)
    assert verify_ledger(crashed, ROOTS).problems == ()
    (problem,) = verify_ledger(crashed, ROOTS, exported).problems
    assert "older copy" in problem


class Settled:
    """A whole ledger in one file. Not a dataclass: hypothesis would print all of it."""

    def __init__(self, path: Path) -> None:
        self.path, self.data = path, path.read_bytes()
        self.entries = LedgerReader(path).entries(limit=1000)

    def flipped(self, place: float, mask: int) -> Path:
        """A copy with one byte changed."""
        found = self.path.with_name("flipped.db")
        found.write_bytes(self.data)
        _flip(found, place, mask)
        return found


@pytest.fixture
def settled(crashed: Path) -> Settled:
    _go_on(crashed)
    return Settled(crashed)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.floats(0, 1), mask=st.integers(1, 255))
def test_any_flipped_bits_are_survived(settled: Settled, place: float, mask: int) -> None:
    """Wherever the database is damaged, the CA does not start, or the damage is found, or it does not count."""
    path = settled.flipped(place, mask)
    damaged = path.read_bytes()
    try:
        ledger = Ledger.open(path, lambda: NOW)
    except StateError:
        assert path.read_bytes() == damaged
        return
    try:
        ledger.seal_with(ROOT)
        found = verify_ledger(path, ROOTS).problems
    except StateError:
        return
    finally:
        ledger.close()
        _log(path).unlink(missing_ok=True)
    assert found or LedgerReader(path).entries(limit=1000) == settled.entries
