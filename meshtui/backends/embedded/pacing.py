"""Work over very many things in turns of the event loop, which has rotations and consoles to look after meanwhile."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from typing import TypeVar

Thing = TypeVar("Thing")
AT_ONCE = 30
"""Things of one turn: what takes a tenth of a millisecond for each then holds nobody up for long."""


async def paced(things: Iterable[Thing]) -> AsyncIterator[Thing]:
    """Each of them. They may be other ones by the time: what is iterated must not change, so hand over a copy."""
    for number, thing in enumerate(things, 1):
        yield thing
        if number % AT_ONCE == 0:
            await asyncio.sleep(0)
