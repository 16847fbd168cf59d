"""Those who watch hear that something happened, soon, and not more often than they can look."""

from __future__ import annotations

import asyncio

from meshtui.backends.embedded.activity import INTERVAL, Activity
from meshtui.backends.embedded.board import Board
from meshtui.mesh.events import ActivityChanged
from tests.xds.live import DEADLINE


async def test_much_activity_is_told_together() -> None:
    """However often something happens: four times a second, each with a greater number, the last one included."""
    board = Board()
    activity, loop = Activity(board), asyncio.get_running_loop()
    events = board.watch()
    following = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    heard: list[tuple[float, int]] = []
    begun = loop.time()
    async with asyncio.timeout(DEADLINE):
        for _ in range(4):
            for _ in range(1000):
                activity.touch()
            event = await following
            assert isinstance(event, ActivityChanged)
            heard.append((loop.time() - begun, event.revision))
            following = asyncio.ensure_future(anext(events))
    following.cancel()
    await asyncio.gather(following, return_exceptions=True)
    activity.stop()
    assert [revision for _, revision in heard] == [1, 2, 3, 4]
    assert heard[-1][0] >= 3 * INTERVAL - 0.01


async def test_nothing_is_told_after_the_end() -> None:
    """What was about to be told is not."""
    board = Board()
    activity = Activity(board)
    events = board.watch()
    following = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    activity.touch()
    activity.stop()
    board.tell_activity(7)
    async with asyncio.timeout(DEADLINE):
        event = await following
    assert ActivityChanged(revision=7) == event
    await events.aclose()
