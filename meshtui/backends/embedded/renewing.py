"""Rotates one gateway certificate when it is due, and again after a pause when that failed."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable
from datetime import datetime

from meshtui.agent.rotation import retry_delay, wait_until
from meshtui.backends.embedded.loops import forever
from meshtui.backends.embedded.pulse import Pulse
from meshtui.errors import MeshError


class Renewal:
    """The loop of one certificate. When it is due, and how it is rotated, is its owner's to say."""

    def __init__(
        self,
        due: Callable[[], datetime],
        rotate: Callable[[], Awaitable[object]],
        clock: Callable[[], datetime],
        pulse: Pulse,
    ) -> None:
        """`pulse` beats when `due` may say something else."""
        self._due = due
        self._rotate = rotate
        self._clock = clock
        self._pulse = pulse
        self._failures = 0
        self._running: asyncio.Task[None] | None = None

    def start(self, target: str) -> None:
        """Go on until stopped."""
        self._running = asyncio.create_task(forever(f"renewing {target}", self._turn))

    async def stop(self) -> None:
        """End, even in the midst of a rotation."""
        if self._running is not None:
            self._running.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._running

    async def _turn(self) -> None:
        delay = wait_until(self._due(), self._clock(), random.random())  # noqa: S311
        if delay:
            await self._pulse.until(lambda: self._due() <= self._clock(), delay)
            return
        try:
            await self._rotate()
        except MeshError:
            self._failures += 1  # the row says what; the next attempt comes after a pause
        else:
            # a success that leaves it due would otherwise be repeated at once, and for ever
            self._failures = self._failures + 1 if self._due() <= self._clock() else 0
        if self._failures:
            await asyncio.sleep(retry_delay(self._failures, random.random(), None))  # noqa: S311
