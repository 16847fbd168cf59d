"""Waiting for something to become true, without polling."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Pulse:
    """Beats whenever something changed; whoever waits looks again."""

    def __init__(self) -> None:
        self._beat = asyncio.Event()

    def beat(self) -> None:
        """Something changed."""
        self._beat.set()
        self._beat = asyncio.Event()

    async def until(self, condition: Callable[[], bool], seconds: float) -> bool:
        """Wait for it to become true; returns whether it did within the time."""
        try:
            async with asyncio.timeout(seconds):
                while not condition():
                    await self._beat.wait()
        except TimeoutError:
            return condition()
        return True
