"""Very many things are worked through in turns."""

from __future__ import annotations

import asyncio

from meshtui.backends.embedded.pacing import AT_ONCE, paced


async def test_others_have_their_turns_meanwhile() -> None:
    """All things come in order, and whoever else waits for the event loop is not kept until the last."""
    seen: list[int] = []
    turns: list[int] = []

    async def other() -> None:
        while True:
            turns.append(len(seen))
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    things = paced(range(AT_ONCE * 3))
    seen += [await anext(things) for _ in range(AT_ONCE)]
    assert not turns
    async for each in things:
        seen.append(each)
    task.cancel()
    assert list(range(AT_ONCE * 3)) == seen
    assert turns == [AT_ONCE, AT_ONCE * 2, AT_ONCE * 3]
