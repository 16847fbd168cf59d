"""What changes by the clock alone: fresh becomes due, due overdue, alive expired. One moment for each target."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime

from meshtui.appointments import Appointments

LONGEST_WAIT = 30.0
"""Seconds after which the clock is read again: it may have been set, or the machine have slept."""


class Alarms:
    """Calls back for each target when its moment comes."""

    def __init__(self, clock: Callable[[], datetime], ring: Callable[[str], None]) -> None:
        self._clock = clock
        self._ring = ring
        self._appointments = Appointments[str]()
        self._earlier = asyncio.Event()

    def set(self, target: str, moment: datetime | None) -> None:
        """Call back for `target` at `moment` (None: not at all), and no longer at the moment set before."""
        if self._appointments.set(target, moment):
            self._earlier.set()

    async def wait(self) -> None:
        """Sleep until something is due, then ring for all that is."""
        first = self._appointments.first
        delay = LONGEST_WAIT
        if first is not None:
            delay = min(max((first - self._clock()).total_seconds(), 0.0), LONGEST_WAIT)
        self._earlier.clear()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._earlier.wait()
        now = self._clock()
        while (target := self._appointments.take(now)) is not None:
            self._ring(target)
