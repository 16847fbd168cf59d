"""What is to happen when: one moment for each of many things, the earliest found at once however many there are.

Does not wait and knows no clock; whoever keeps the appointments does.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Hashable
from datetime import datetime
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
_SLACK = 64
"""Void entries that are not worth clearing away."""


class Appointments(Generic[K]):
    """Moments by key."""

    def __init__(self) -> None:
        self._moments: dict[K, datetime] = {}
        self._heap: list[tuple[datetime, int, K]] = []
        """Holds void entries too, of keys that were given another moment since."""
        self._numbers = itertools.count()

    def set(self, key: K, moment: datetime | None) -> bool:
        """Give `key` this moment instead of the one it had, or none; returns whether it is now the earliest of all."""
        if moment is None:
            self._moments.pop(key, None)
            return False
        if self._moments.get(key) == moment:
            return False
        self._moments[key] = moment
        if len(self._heap) > 2 * len(self._moments) + _SLACK:
            self._heap = [(each, next(self._numbers), key) for key, each in self._moments.items()]
            heapq.heapify(self._heap)
        else:
            heapq.heappush(self._heap, (moment, next(self._numbers), key))
        return self.first == moment

    @property
    def first(self) -> datetime | None:
        """The earliest moment; None when there is none."""
        while self._heap and self._moments.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: datetime) -> K | None:
        """What is due, the earliest if there is more; it has no moment any more. None when nothing is due."""
        first = self.first
        if first is None or first > now:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._moments[key]
        return key
