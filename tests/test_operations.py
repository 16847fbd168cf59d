"""Work on many things side by side."""

from __future__ import annotations

import asyncio

import pytest

from meshtui.errors import RefusedError
from meshtui.operations import side_by_side


@pytest.mark.parametrize("count", [0, 1, 7, 50])
async def test_results_stand_in_the_order_of_the_items(count: int) -> None:
    """However long each took, and no more than the bound are under way."""
    under_way, most = 0, 0

    async def work(item: int) -> int:
        nonlocal under_way, most
        under_way += 1
        most = max(most, under_way)
        for _ in range(item % 3):
            await asyncio.get_running_loop().run_in_executor(None, int)
        under_way -= 1
        return item * item

    assert await side_by_side(work, range(count), at_once=5) == [item * item for item in range(count)]
    assert most == min(count, 5)


async def test_the_first_error_ends_all() -> None:
    """As the error that it was, not as a group."""

    async def work(item: int) -> int:
        if item == 3:
            raise RefusedError("No.")
        return item

    with pytest.raises(RefusedError, match="No"):
        await side_by_side(work, range(9), at_once=2)
