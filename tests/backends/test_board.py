"""The rows as they are now, and who is told."""

from __future__ import annotations

import asyncio
from contextlib import aclosing

from meshtui.backends.embedded.board import Board
from meshtui.mesh.events import MeshEvent, RowChanged, RowGone
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import Mark, RotationState


def row(target: str, serial: str) -> Row:
    return Row(target=target, identity="", truths=(Mark.AGREES,) * 4, state=RotationState.FRESH, serial=serial)


async def heard(board: Board, count: int) -> list[MeshEvent]:
    """The first events of a new watcher."""
    events: list[MeshEvent] = []
    async with aclosing(board.watch()) as watching:
        async for event in watching:
            events.append(event)
            if len(events) == count:
                break
    return events


async def started(board: Board, count: int) -> asyncio.Task[list[MeshEvent]]:
    """A watcher that has begun to watch."""
    task = asyncio.create_task(heard(board, count))
    await asyncio.sleep(0)  # one turn of the loop: it runs up to its first wait
    return task


async def test_a_change_is_told_and_no_change_is_not() -> None:
    """Nobody hears of a row that is as it was."""
    board = Board()
    board.put(row("a", "1"))
    watching = await started(board, 1)
    board.put(row("a", "1"))
    board.put(row("a", "2"))
    assert await watching == [RowChanged(row=row("a", "2"))]


async def test_a_slow_watcher_gets_the_newest_state_only() -> None:
    """A thousand changes of one row are one event, and memory does not grow."""
    board = Board()
    watching = await started(board, 2)
    for number in range(1000):
        board.put(row("a", str(number)))
    board.put(row("b", "1"))
    assert await watching == [RowChanged(row=row("a", "999")), RowChanged(row=row("b", "1"))]


async def test_a_row_that_goes_is_told_once() -> None:
    """Dropping what is not there is nothing."""
    board = Board()
    board.put(row("a", "1"))
    watching = await started(board, 1)
    board.drop("b")
    board.drop("a")
    board.drop("a")
    assert await watching == [RowGone(target="a")]
    assert board.rows == []


async def test_a_watcher_that_leaves_is_forgotten() -> None:
    """No list of the gone."""
    board = Board()
    watching = await started(board, 1)
    board.put(row("a", "1"))
    await watching
    assert board._watchers == set()
