"""Tells those who watch that policies, traffic or the time line are different, at most four times a second."""

from __future__ import annotations

import asyncio

from meshtui.backends.embedded.board import Board

INTERVAL = 0.25
"""Seconds between two events."""


class Activity:
    """`touch` as often as something happens; it costs next to nothing."""

    def __init__(self, board: Board) -> None:
        self._board = board
        self._revision = 0
        self._told = -INTERVAL
        self._pending: asyncio.TimerHandle | None = None

    def touch(self) -> None:
        """Something is different."""
        if self._pending is None:
            loop = asyncio.get_running_loop()
            self._pending = loop.call_at(max(self._told + INTERVAL, loop.time()), self._tell)

    def stop(self) -> None:
        """Tell nothing more."""
        if self._pending is not None:
            self._pending.cancel()

    def _tell(self) -> None:
        self._pending = None
        self._told = asyncio.get_running_loop().time()
        self._revision += 1
        self._board.tell_activity(self._revision)
