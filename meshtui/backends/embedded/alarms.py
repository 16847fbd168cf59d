"""What changes by the clock alone: fresh becomes due, due overdue, alive expired. One moment for each target."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

LONGEST_WAIT = 30.0
"""Seconds after which the clock is read again: it may have been set, or the machine have slept."""


class Alarms:
    """Calls back for each target when its moment comes."""

    def __init__(self, clock: Callable[[], datetime], ring: Callable[[str], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._moments: dict[str, datetime] = {}
        self._earlier = asyncio.Event()

    def set(self, target: str, moment: datetime | None) -> None:
        """Call back for `target` at `moment` (None: not at all), and no longer at the moment set before."""
        if moment is None:
            self._moments.pop(target, None)
        elif self._moments.get(target) != moment:
            self._moments[target] = moment
            self._earlier.set()

    async def wait(self) -> None:
        """Sleep until something is due, then ring for all that is."""
        now = self._clock()
        first = min(self._moments.values(), default=None)
        delay = LONGEST_WAIT if first is None else min(max((first - now).total_seconds(), 0.0), LONGEST_WAIT)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._earlier.wait()
        self._earlier.clear()
        now = self._clock()
        for target in [target for target, moment in self._moments.items() if moment <= now]:
            del self._moments[target]
            self._ring(target)
