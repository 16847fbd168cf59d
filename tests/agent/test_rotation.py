"""When to try: pure decisions."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.agent.rotation import (
    LONGEST_RETRY,
    LONGEST_WAIT,
    SHORTEST_RETRY,
    next_attempt,
    retry_delay,
    wait_until,
)
from meshtui.agent.states import Failed, Pending, Ready
from meshtui.identity.keys import new_key
from tests.agent.authority import ShortCa

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def _ready(ca: ShortCa, lifetime: timedelta) -> Ready:
    return Ready(ca.svid(new_key(), ca.now, lifetime), ca.now + lifetime / 2)


READY = _ready(ShortCa(), timedelta(hours=24))


def test_waits_for_the_due_moment() -> None:
    """Seconds until then."""
    assert wait_until(NOW + timedelta(seconds=3), NOW, 0.0) == 3


def test_never_waits_backwards() -> None:
    """A clock that was set forward by a year makes a rotation due, not negative."""
    assert wait_until(NOW, NOW + timedelta(days=365), 0.5) == 0


def test_looks_at_the_clock_again_before_long() -> None:
    """A machine that slept is late by seconds only; machines that slept together do not look together."""
    waits = [wait_until(NOW + timedelta(hours=12), NOW, roll) for roll in (0.0, 0.5, 0.999)]
    assert waits == sorted(set(waits))
    assert LONGEST_WAIT / 2 <= waits[0] < waits[-1] <= LONGEST_WAIT


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


def test_nothing_is_put_off_before_it_was_tried() -> None:
    """An agent that has nothing asks at once."""
    assert next_attempt(Pending(), 0, NOW, 0.9) == NOW


def test_what_is_in_service_is_replaced_when_due() -> None:
    """The moment does not depend on when it is decided, nor on the dice."""
    ca = ShortCa()
    ready = _ready(ca, timedelta(hours=24))
    for now in (ca.now, ca.now + timedelta(hours=23), ca.now + timedelta(days=365)):
        assert next_attempt(ready, 0, now, 0.7) == ready.due_at


def test_a_certificate_from_the_future_is_replaced_before_long() -> None:
    """After the clock was set back an hour nobody takes it; not everyone asks for another in the same second."""
    ca = ShortCa()
    ready = _ready(ca, timedelta(hours=24))
    now = ca.now - timedelta(hours=1)
    moments = [next_attempt(ready, 0, now, roll) for roll in (0.0, 0.5, 0.99)]
    assert moments == sorted(set(moments))
    assert now <= moments[0] < moments[-1] < now + timedelta(minutes=1)


def test_ten_thousand_agents_do_not_return_in_the_same_second() -> None:
    """After a minute without a CA, attempts are spread over the next one: no second has more than its share of them."""
    dice = random.Random(7)
    seconds = Counter(int(retry_delay(8, dice.random(), timedelta(hours=12))) for _ in range(10_000))
    assert max(seconds.values()) < 2 * 10_000 / LONGEST_RETRY


@given(
    failures=st.integers(1, 1000),
    roll=st.floats(0, 1, exclude_max=True),
    jump=st.timedeltas(timedelta(days=-400), timedelta(days=400)),
)
def test_whatever_the_clock_does_the_next_attempt_lies_ahead(failures: int, roll: float, jump: timedelta) -> None:
    """After a failure there is a pause, never negative, never longer than the cap, whatever `now` is."""
    now = READY.svid.issued_at + jump
    wait = next_attempt(Failed("no", unreachable=True, last_good=READY), failures, now, roll) - now
    assert timedelta(seconds=SHORTEST_RETRY) <= wait <= timedelta(seconds=LONGEST_RETRY)
