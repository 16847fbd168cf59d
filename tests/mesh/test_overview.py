"""What a mesh comes to on one screen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.findings import Finding, Severity
from meshtui.mesh.fake import demo_rows, fleet_rows
from meshtui.mesh.overview import NEXT, SHARES, WORST, Census, Overview
from meshtui.mesh.rates import RateCounter
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import RotationState
from meshtui.mesh.trouble import in_trouble

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
ROWS = demo_rows(NOW)
RATES = RateCounter().rates(NOW)


def overview(rows: list[Row], at: int = 0) -> Overview:
    """Of rows that are counted in two parts."""
    census = Census(NOW)
    census.count(rows[:at])
    census.count(rows[at:])
    return census.overview((), (), RATES)


def workloads(*minutes: int) -> list[Row]:
    row = next(row for row in ROWS if row.target.startswith("workload/") and row.serial)
    return [
        replace(row, target=f"workload/prod/w{number}", not_after=NOW + timedelta(minutes=left))
        for number, left in enumerate(minutes)
    ]


@settings(deadline=None)
@given(st.permutations([*ROWS, *fleet_rows(30, NOW)]), st.integers(0, 60))
def test_rows_are_counted_once_in_any_order_and_portions(rows: list[Row], at: int) -> None:
    """States, trouble, shares and what comes next are those of all rows, however they are handed over."""
    found = overview(rows, at)
    assert {state: sum(row.state is state for row in rows) for state in RotationState} == found.states
    assert (len(rows), sum(map(in_trouble, rows))) == (found.total, found.troubled)
    alive = sorted((row.not_after, row.target) for row in rows if row.not_after is not None and row.not_after > NOW)
    assert [target for _, target in alive[:NEXT]] == [row.target for row in found.next]
    assert (len(alive), SHARES) == (sum(found.left), len(found.left))


def test_shares_are_of_each_lifetime() -> None:
    """A minute of three and eight hours of a day stand in the same bar; a new certificate stands in the last."""
    day, three = timedelta(days=1), timedelta(minutes=3)
    rows = [
        replace(row, issued_at=NOW + left - length, not_after=NOW + left)
        for row, left, length in zip(
            ROWS, (day / 3, three / 3, day, day * 1.5, timedelta(0)), (day, three, day, day, day), strict=False
        )
    ]
    left = overview(rows).left
    assert (left[SHARES // 3], left[-1], sum(left)) == (2, 2, 4)


def test_the_outage_is_of_workloads_that_work_now() -> None:
    """Those that have expired fail already; half is rounded up, and gateways and authorities live on."""
    others = [row for row in ROWS if not row.target.startswith("workload/")]
    found = overview([*workloads(-5, 30, 10, 20), *others]).outage
    minutes = [moment and (moment - NOW) // timedelta(minutes=1) for moment in (found.first, found.half, found.all)]
    assert (found.workloads, minutes) == (3, [10, 20, 30])
    assert overview(workloads(7, 9)).outage.half == NOW + timedelta(minutes=7)


def test_without_workloads_nothing_fails() -> None:
    """A mesh in which nothing has a certificate has no outage to tell of."""
    found = overview(workloads(-1)).outage
    assert (found.workloads, found.first, found.half, found.all) == (0, None, None, None)


def test_the_worst_findings_come_first_and_all_are_counted() -> None:
    """No more than ten are told, critical ones before warnings, and how many there are of each."""
    severities = [Severity.INFO, *[Severity.WARNING] * 8, *[Severity.CRITICAL] * 4]
    findings = [Finding(severity=each, code="c", target="t", text="t", fix="f") for each in severities]
    found = Census(NOW).overview((), findings, RATES)
    assert [*[Severity.CRITICAL] * 4, *[Severity.WARNING] * 6] == [each.severity for each in found.findings]
    assert len(found.findings) == WORST
    assert found.severities == {Severity.CRITICAL: 4, Severity.WARNING: 8, Severity.INFO: 1}
