"""Loops that must not end: whatever goes wrong in one turn is said, and the next turn comes."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

_LOG = logging.getLogger(__name__)
PAUSE = 1.0
"""Seconds after a turn that failed, so that what fails at once does not spin."""


async def forever(what: str, turn: Callable[[], Awaitable[None]]) -> None:
    """Take one turn after the other until cancelled."""
    while True:
        try:
            await turn()
        except Exception:  # noqa: BLE001 - the edge of a task: nobody to tell, and nothing may end renewal for good
            _LOG.exception("%s failed and goes on", what)
            await asyncio.sleep(PAUSE)
