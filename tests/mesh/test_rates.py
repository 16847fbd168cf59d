"""Decisions of the last hour, by interval."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.mesh.rates import INTERVAL, INTERVALS, RateCounter

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
HOUR = INTERVAL * INTERVALS


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2 * 3600), st.booleans(), st.integers(1, 9))), st.integers(0, 5400))
def test_each_decision_is_in_its_interval(decisions: list[tuple[int, bool, int]], later: int) -> None:
    """However long ago they were counted, those of the last hour are there, and no others."""
    counter, now = RateCounter(), NOW + timedelta(seconds=later)
    moments = sorted((NOW - timedelta(seconds=ago), issued, times) for ago, issued, times in decisions)
    for at, issued, times in moments:
        counter.count(at, issued=issued, times=times)
    rates = counter.rates(now)
    assert now - HOUR < rates.since <= now - HOUR + INTERVAL
    starts = [rates.since + INTERVAL * number for number in range(INTERVALS)]
    for counts, wanted in ((rates.issued, True), (rates.refused, False)):
        expected = [
            sum(times for at, issued, times in moments if issued is wanted and start <= at < start + INTERVAL)
            for start in starts
        ]
        assert expected == list(counts)


def test_a_clock_that_goes_back_a_little_loses_nothing_of_the_hour() -> None:
    """What is counted out of order is in the interval where it belongs, if anything was counted there."""
    counter = RateCounter()
    for at in (NOW - INTERVAL, NOW, NOW - INTERVAL):
        counter.count(at, issued=True)
    assert counter.rates(NOW).issued[-2:] == (2, 1)
