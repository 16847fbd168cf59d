"""Who can call whom: the whole mesh in one picture, and one workload's part of it."""

from __future__ import annotations

import pytest

from meshtui.mesh.access import Matrix
from meshtui.mesh.actions import Apply
from meshtui.mesh.fake import FakeMesh
from meshtui.tui.widgets.item_list import ItemList
from meshtui.tui.widgets.matrix_grid import MatrixGrid
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import Clock, Console, console

SIZES = [(80, 24), (140, 40)]
OPEN = """
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: open, namespace: prod}
spec: {rules: [{}]}
"""


async def opened(shown: Console) -> MatrixGrid:
    """Open the matrix, and wait until it is there."""
    await shown.press("5", "m")
    await shown.until_shown("FROM / TO")
    await shown.settle()
    return shown.app.screen.query_one(MatrixGrid)


async def go_to(shown: Console, grid: MatrixGrid, source: str, destination: str) -> None:
    """Move the cursor to a cell, by keys."""
    matrix = grid._grid.matrix
    await shown.press("g", "home", *"j" * matrix.sources.index(source), *"l" * matrix.destinations.index(destination))


@pytest.mark.parametrize("size", SIZES)
async def test_every_cell_can_be_reached_and_is_explained(size: tuple[int, int]) -> None:
    """Arrows and hjkl move, what is under the cursor is said in words, enter says why, escape comes back to it."""
    async with console(size=size) as shown:
        grid = await opened(shown)
        await go_to(shown, grid, "workload/prod/sleep", "workload/prod/httpbin")
        assert "prod/sleep → prod/httpbin   ◐ some" in shown.text
        assert "allows GET /get, not everything" in shown.text
        await shown.press("enter")
        await shown.until_shown("POLICIES, IN THE ORDER OF ASKING")
        assert "spiffe://cluster.local/ns/prod/sa/sleep" in shown.text
        await shown.press("escape")
        assert "prod/sleep → prod/httpbin" in shown.text
        for key, ends in (
            ("up", "reviews-v3 → prod/httpbin"),
            ("left", "reviews-v3 → prod/details-v1"),
            ("down", "sleep → prod/details-v1"),
            ("right", "sleep → prod/httpbin"),
            ("end", "sleep → prod/sleep"),
            ("g", "plaintext → prod/sleep"),
            ("home", "plaintext → batch/loader"),
            ("G", "prod/sleep → batch/loader"),
        ):
            await shown.press(key)
            assert ends in shown.text


async def test_a_grid_that_is_too_wide_scrolls_sideways_with_its_names() -> None:
    """The source's names stay, the header follows, and how many are out of view is said."""
    async with console(size=(80, 24)) as shown:
        grid = await opened(shown)
        left, right = grid.hidden
        assert left == 0 < right
        assert "sleep" not in shown.line("FROM / TO")
        await shown.press("end")
        assert grid.hidden == (right, 0)
        assert "sleep" in shown.line("FROM / TO")
        assert "plaintext" in shown.text
        assert f"{right} to the left, 0 to the right" in shown.text


@pytest.mark.parametrize("size", [(40, 8), (60, 20), (80, 24), (97, 30), (200, 50)])
async def test_the_cursor_is_in_view_at_any_size(size: tuple[int, int]) -> None:
    """Wherever it goes, its cell is drawn and no line is too wide."""
    async with console(size=size) as shown:
        grid = await opened(shown)
        for key in ("G", "end", "g", "home", "j", "l"):
            await shown.press(key)
            assert grid._top <= grid._row < grid._top + grid.size.height - 2
            assert grid._left <= grid._column < grid._left + grid._layout.shown
            assert {len(line) for line in shown.lines} == {size[0]}


async def test_the_matrix_follows_the_policies_with_the_cursor_on_its_cell() -> None:
    """What is applied shows without a key."""
    mesh = FakeMesh(now=Clock())
    async with console(mesh) as shown:
        grid = await opened(shown)
        await go_to(shown, grid, "workload/prod/sleep", "workload/prod/details-v1")
        assert "· none" in shown.line("prod/sleep → prod/details-v1")
        plan = await mesh.plan(Apply(text=OPEN))
        assert [progress async for progress in mesh.perform(plan.id)]
        await shown.until(lambda: "● all" in shown.line("prod/sleep → prod/details-v1"))


async def test_a_mesh_in_which_nothing_can_be_called_says_so() -> None:
    """An empty grid would look like one that is still read."""

    class Bare(FakeMesh):
        async def matrix(self, namespace: str = "") -> Matrix:
            return Matrix(sources=("plaintext",), destinations=(), cells=())

    async with console(Bare(now=Clock())) as shown:
        await shown.press("5", "m")
        await shown.until_shown("No workload of this mesh has a proxy")


@pytest.mark.parametrize("size", SIZES)
async def test_x_on_a_workload_shows_its_callers_and_whom_it_calls(size: tuple[int, int]) -> None:
    """From the list or its page; enter explains, escape goes back."""
    async with console(size=size) as shown:
        shown.app.screen.query_one(RowList).select("workload/prod/httpbin")
        await shown.press("x")
        await shown.until_shown("MAY CALL")
        reaches = shown.app.screen.query_one(ItemList)
        assert len(reaches) == 13 + 11
        assert "calls of prod/httpbin" in shown.lines[0]
        assert "● all" in shown.line("istio-system/ingressgateway")
        await shown.press("slash")
        await shown.paste("sleep prod/httpbin")
        await shown.press("enter", "enter")
        await shown.until_shown("caller sees")
        await shown.press("escape", "escape", "escape")
        assert "IDENTITY" in shown.text
        await shown.press("enter")
        await shown.until_shown("CHAIN")
        await shown.press("x")
        await shown.until_shown("MAY CALL")


async def test_x_on_anything_else_says_why_not() -> None:
    """Gateways' certificates and authorities call nobody."""
    async with console() as shown:
        shown.app.screen.query_one(RowList).select("authority/root")
        await shown.press("x")
        assert "only workloads call and are called" in shown.text
