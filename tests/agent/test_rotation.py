"""When to try: pure decisions."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from meshtui.agent.rotation import LONGEST_RETRY, LONGEST_WAIT, retry_delay, wait_until

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_waits_for_the_due_moment() -> None:
    """Seconds until then."""
    assert wait_until(NOW + timedelta(seconds=30), NOW) == 30


def test_never_waits_backwards() -> None:
    """A clock that was set forward by a year makes a rotation due, not negative."""
    assert wait_until(NOW, NOW + timedelta(days=365)) == 0


def test_looks_at_the_clock_again_before_long() -> None:
    """A clock that was set back an hour, or a machine that slept, delays no rotation by more than a minute."""
    assert wait_until(NOW + timedelta(hours=12), NOW) == LONGEST_WAIT


@pytest.mark.parametrize(("failures", "ceiling"), [(1, 1), (2, 2), (4, 8), (50, LONGEST_RETRY)])
def test_retries_back_off_with_full_jitter_up_to_a_cap(failures: int, ceiling: float) -> None:
    """The delay is anywhere below the ceiling, which doubles."""
    assert retry_delay(failures, 0.999, None) == pytest.approx(ceiling, rel=0.01)
    assert retry_delay(failures, 0.5, None) == pytest.approx(ceiling / 2)


def test_a_retry_is_never_immediate() -> None:
    """However the dice fall, a refusing CA is not stormed."""
    assert retry_delay(1, 0.0, None) > 0.1


def test_a_retry_comes_before_the_certificate_ends() -> None:
    """With ten seconds left, the next attempt is not a minute away."""
    assert retry_delay(50, 0.999, timedelta(seconds=10)) <= 5
