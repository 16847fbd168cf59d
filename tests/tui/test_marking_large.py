"""Marks in a mesh of which the console has only a window: its owner says what is meant, and what became of it."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from meshtui.mesh import marking
from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.query import select
from meshtui.mesh.rows import Page, Query
from meshtui.tui.screens.batch import BatchDialog
from tests.tui.console import NOW, Clock, Console, console

ROWS = fleet_rows(3000, NOW)


def listed(query: Query) -> list[str]:
    return [row.target for row in select(ROWS, query, NOW).rows]


def marked(shown: Console) -> list[str]:
    return list(shown.app.board.marked.targets)


class Slow(FakeMesh):
    """A large mesh that answers about rows when it is let."""

    def __init__(self) -> None:
        super().__init__(ROWS, now=Clock())
        self.open = asyncio.Event()
        self.open.set()

    async def rows(self, query: Query) -> Page:
        await self.open.wait()
        return await super().rows(query)


async def test_a_range_reaches_across_what_is_not_here() -> None:
    """From the second row to the last, typed faster than the last is here, and up again; in the order of the list."""
    order = listed(Query())
    async with console(FakeMesh(ROWS, now=Clock())) as shown:
        await shown.burst("j", "space", "G", "ctrl+@")
        await shown.until(lambda: len(marked(shown)) == 2999)
        assert marked(shown) == order[1:]
        assert "2,999 marked" in shown.lines[0]
        assert "marking" not in shown.text
        await shown.press("g", "ctrl+space")
        await shown.until(lambda: len(marked(shown)) == 3000)


async def test_all_that_the_filter_lets_through_is_marked_and_planned(monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that were never here have their state and what depends on them; too many are refused in words."""
    query = Query(filter="ns:pay* left<12h")
    order = listed(query)
    async with console(FakeMesh(ROWS, now=Clock())) as shown:
        await shown.press("slash", *query.filter, "enter", "*")
        await shown.until(lambda: bool(marked(shown)))
        assert marked(shown) == order
        able = [row for row in shown.app.board.marked if row.serial and not row.step]
        await shown.press("r")
        await shown.until(lambda: isinstance(shown.app.screen, BatchDialog))
        await shown.settle()
        assert f"Rotate {len(able)} identities" in shown.text
        monkeypatch.setattr(marking, "MOST", 2999)
        await shown.press("escape", "escape", "escape", "*")
        await shown.until_shown("Nothing was marked: 3,000 are more than the 2,999 that can be marked.")
        assert marked(shown) == []


async def test_marking_can_be_stopped_and_belongs_to_its_list() -> None:
    """Verbs wait for it, esc ends it, and another filter meanwhile marks nothing."""
    mesh = Slow()
    async with console(mesh) as shown:
        mesh.open.clear()
        await shown.press("*", "r")
        assert "Rows are still being marked" in shown.text
        await shown.press("escape")
        assert "Nothing was marked." in shown.text
        await shown.press("escape", "*")
        assert "· marking" in shown.text
        await shown.press("S")
        mesh.open.set()
        await shown.until_shown("Nothing was marked: Another list is shown now.")
        assert marked(shown) == []


async def test_what_is_gone_is_not_marked_wherever_it_was() -> None:
    """A change far from what is in view counts, and so does one while nothing was heard of the mesh."""
    order, mesh = listed(Query()), FakeMesh(ROWS, now=Clock())
    async with console(mesh) as shown:
        await shown.press("space", "G", "ctrl+@")
        await shown.until(lambda: len(marked(shown)) == 3000)
        mesh.remove(order[1500])
        await shown.until(lambda: "2,999 marked" in shown.lines[0])
        mesh.silence()
        await shown.until_shown("STALE")
        mesh.remove(order[1501])
        mesh.put(replace(next(row for row in ROWS if row.target == order[1502]), serial="abcd"))
        mesh.silence(False)
        await shown.until(lambda: "2,998 marked" in shown.lines[0])
        assert marked(shown) == [*order[:1500], *order[1502:]]
        assert [row.serial for row in shown.app.board.marked if row.target == order[1502]] == ["abcd"]
