"""How many certificates were issued and refused lately, by interval: what a sparkline is drawn of."""

from __future__ import annotations

from collections import Counter, deque
from datetime import UTC, datetime, timedelta

import msgspec

INTERVAL = timedelta(minutes=3)
INTERVALS = 20
"""An hour in all."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """Decisions of the CA in the intervals of the last hour, oldest first; the last interval is under way."""

    since: datetime
    """When the first interval began."""
    seconds: int
    """Length of an interval."""
    issued: tuple[int, ...]
    refused: tuple[int, ...]


class RateCounter:
    """Counts decisions as they happen, and forgets those that are too old."""

    def __init__(self) -> None:
        self._intervals: deque[tuple[int, Counter[bool]]] = deque(maxlen=INTERVALS + 1)

    def count(self, at: datetime, *, issued: bool, times: int = 1) -> None:
        """One decision, or some. One of before the newest interval is counted where it belongs, if that is there."""
        number = (at - _EPOCH) // INTERVAL
        if not self._intervals or number > self._intervals[-1][0]:
            self._intervals.append((number, Counter()))
        for known, counts in reversed(self._intervals):
            if known <= number:
                counts[issued] += times if known == number else 0
                return

    def rates(self, now: datetime) -> Rates:
        """The last hour, as it looks now."""
        last = (now - _EPOCH) // INTERVAL
        known = dict(self._intervals)
        counts = [known.get(number, Counter()) for number in range(last - INTERVALS + 1, last + 1)]
        return Rates(
            since=_EPOCH + (last - INTERVALS + 1) * INTERVAL,
            seconds=int(INTERVAL.total_seconds()),
            issued=tuple(count[True] for count in counts),
            refused=tuple(count[False] for count in counts),
        )
