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
        (Standing(LIFE, HALF, error="no answer", unreachable=True), 1, RotationState.FRESH),
        (Standing(LIFE, HALF, error="no answer", unreachable=True), 5.5, RotationState.DUE),
        (Standing(None, None, error="no answer", unreachable=True), 1, RotationState.FAILED),
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


def test_what_is_overdue_is_a_matter_of_the_mesh() -> None:
    """The share of a lifetime that may pass after a rotation was due; the clock is set by the same one."""
    patient = Standing(LIFE, HALF, overdue_after=0.3)
    assert [state(patient, at(hours)) for hours in (5, 7.9, 8)] == [
        RotationState.DUE,
        RotationState.DUE,
        RotationState.OVERDUE,
    ]
    assert next_change(patient, at(6)) == at(8)


def test_an_expired_certificate_is_a_critical_finding() -> None:
    """With the command that mends it."""
    found = findings("workload/a/b", Standing(LIFE, HALF, error="CA refused"), "", at(11))
    assert [(each.severity.value, each.code, each.fix) for each in found] == [
        ("critical", "expired", "meshtui rotate workload/a/b")
    ]
    assert "CA refused" in found[0].text


def test_while_the_ca_is_away_the_time_that_is_left_is_said() -> None:
    """Fresh, due or overdue, the certificate is at risk, and when it ends matters more than which of them it is."""
    away = Standing(LIFE, HALF, error="The CA does not answer.", unreachable=True)
    for hours, left in ((1, "9:00:00"), (5.5, "4:30:00"), (9.75, "0:15:00")):
        (found,) = findings("workload/a/b", away, "", at(hours))
        assert (found.code, found.severity.value) == ("at-risk", "warning")
        assert f"The CA does not answer. The certificate in service is good for another {left}." in found.text
    assert [each.code for each in findings("workload/a/b", away, "", at(10))] == ["expired"]


def test_a_disagreement_comes_before_a_warning() -> None:
    """Worst first."""
    found = findings("workload/a/b", Standing(LIFE, HALF), "held≠served", at(7))
    assert [each.code for each in found] == ["held-not-served", "overdue"]


def test_a_fresh_certificate_is_no_finding() -> None:
    """Quiet when healthy."""
    assert findings("workload/a/b", Standing(LIFE, HALF), "", at(1)) == ()


def test_an_overdue_manual_rotation_is_an_alarm_for_a_person() -> None:
    """It is due and overdue like any other, and the finding says whose turn it is."""
    standing = Standing(LIFE, HALF, manual=True)
    assert [state(standing, at(hours)) for hours in (1, 5, 7)] == [
        RotationState.FRESH,
        RotationState.DUE,
        RotationState.OVERDUE,
    ]
    (finding,) = findings("gateway/a/b", standing, "", at(7))
    assert (finding.code, finding.fix) == ("overdue", "meshtui rotate gateway/a/b")
    assert "nobody does it but you" in finding.text
    (automatic,) = findings("gateway/a/b", Standing(LIFE, HALF), "", at(7))
    assert "nobody" not in automatic.text


def test_what_was_made_elsewhere_is_brought_from_there() -> None:
    """Of a gateway by the command that takes it; of an authority there is none."""
    for target, how in (
        ("gateway/a/b", "meshtui rotate gateway/a/b --cert FILE --key FILE, or --issuer NAME"),
        ("authority/a", "bring a new one from there."),
    ):
        (finding,) = findings(target, Standing(LIFE, None, renewable=False), "", at(11))
        assert finding.fix == f"It was made elsewhere: {how}"
