"""States and findings of one identity at one moment."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meshtui.identity.lifetime import Lifetime
from meshtui.mesh.judge import Standing, findings, next_change, state
from meshtui.mesh.snapshot import RotationState

BORN = datetime(2026, 11, 23, tzinfo=UTC)
LIFE = Lifetime(BORN, BORN + timedelta(hours=10))
HALF = BORN + timedelta(hours=5)


def at(hours: float) -> datetime:
    return BORN + timedelta(hours=hours)


@pytest.mark.parametrize(
    ("hours", "expected"),
    [
        (0, RotationState.FRESH),
        (4.99, RotationState.FRESH),
        (5, RotationState.DUE),
        (5.99, RotationState.DUE),
        (6, RotationState.OVERDUE),
        (9.99, RotationState.OVERDUE),
        (10, RotationState.EXPIRED),
        (1000, RotationState.EXPIRED),
    ],
)
def test_a_life_without_rotation(hours: float, expected: RotationState) -> None:
    """Due at its point, overdue a tenth of its life later, expired at its end."""
    assert state(Standing(LIFE, HALF), at(hours)) == expected


@pytest.mark.parametrize(
    ("standing", "hours", "expected"),
    [
        (Standing(LIFE, HALF, rotating=True), 7, RotationState.ROTATING),
        (Standing(LIFE, HALF, rotating=True), 11, RotationState.EXPIRED),
        (Standing(LIFE, HALF, error="no"), 1, RotationState.FAILED),
        (Standing(LIFE, HALF, error="no"), 7, RotationState.OVERDUE),
        (Standing(None, None), 1, RotationState.UNKNOWN),
        (Standing(None, None, error="no"), 1, RotationState.FAILED),
        (Standing(None, None, rotating=True), 1, RotationState.ROTATING),
        (Standing(LIFE, None), 9, RotationState.FRESH),
    ],
)
def test_the_worst_that_is_true_is_said(standing: Standing, hours: float, expected: RotationState) -> None:
    """A quiet word never hides a loud one."""
    assert state(standing, at(hours)) == expected


def test_every_change_by_the_clock_is_foreseen() -> None:
    """From fresh to expired, `next_change` names each moment at which the state differs."""
    standing, now, states = Standing(LIFE, HALF), BORN, [RotationState.FRESH]
    while (moment := next_change(standing, now)) is not None:
        now = moment
        states.append(state(standing, now))
    assert states == [RotationState.FRESH, RotationState.DUE, RotationState.OVERDUE, RotationState.EXPIRED]


def test_an_expired_certificate_is_a_critical_finding() -> None:
    """With the command that mends it."""
    found = findings("workload/a/b", Standing(LIFE, HALF, error="CA refused"), "", at(11))
    assert [(each.severity.value, each.code, each.fix) for each in found] == [
        ("critical", "expired", "meshtui rotate workload/a/b")
    ]
    assert "CA refused" in found[0].text


def test_a_disagreement_comes_before_a_warning() -> None:
    """Worst first."""
    found = findings("workload/a/b", Standing(LIFE, HALF), "held≠served", at(7))
    assert [each.code for each in found] == ["held-not-served", "overdue"]


def test_a_fresh_certificate_is_no_finding() -> None:
    """Quiet when healthy."""
    assert findings("workload/a/b", Standing(LIFE, HALF), "", at(1)) == ()
