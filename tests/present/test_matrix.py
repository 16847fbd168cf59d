"""Who can call whom, as a grid that fits."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.mesh.access import Matrix, MatrixCell, Reach
from meshtui.mesh.fake import FakeMesh
from meshtui.present.cells import line_width
from meshtui.present.glyphs import ASCII, UNICODE, Glyphs
from meshtui.present.matrix import (
    Grid,
    abbreviated,
    cell_line,
    cell_summary,
    heading,
    legend,
    reach_badge,
    source_name,
)
from meshtui.present.tones import Tone, plain

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)


@pytest.fixture
async def grid() -> Grid:
    return Grid(await FakeMesh(now=lambda: NOW).matrix())


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [38, 78, 138, 240])
async def test_lines_of_the_grid_are_of_one_width(grid: Grid, width: int, glyphs: Glyphs) -> None:
    """Signs stand below the names that they are about, at every width."""
    layout = grid.layout(width)
    names = heading(grid, layout, 0, glyphs)
    assert line_width(names[0]) == line_width(names[1]) <= width
    for row in range(len(grid.matrix.sources)):
        cells = [cell_line(grid.at(row, column), layout, glyphs) for column in range(layout.shown)]
        assert line_width(source_name(grid, row, layout, glyphs)) + sum(map(line_width, cells)) == line_width(names[0])
    assert plain(legend(glyphs)).isascii() or glyphs is UNICODE


async def test_wide_grids_show_every_destination(grid: Grid) -> None:
    """At 138 cells all twelve, each namespace named where it begins."""
    layout = grid.layout(138)
    assert layout.shown == len(grid.matrix.destinations) == 12
    namespaces, names = (plain(line) for line in heading(grid, layout, 0, UNICODE))
    assert namespaces.count("prod") == 1
    assert "checkout" in names


async def test_narrow_grids_show_some_from_where_one_is(grid: Grid) -> None:
    """At 78 cells fewer, beginning with any of them."""
    layout = grid.layout(78)
    assert 1 < layout.shown < 12
    _, names = heading(grid, layout, 12 - layout.shown, UNICODE)
    assert plain(names).rstrip().endswith("sleep")


async def test_a_cell_says_who_whom_how_far_and_why(grid: Grid) -> None:
    """In two lines, the word beside the sign."""
    cells = {(cell.source, cell.destination): cell for cell in grid.matrix.cells}
    first, second = (
        plain(line).rstrip()
        for line in cell_summary(cells["workload/prod/sleep", "workload/prod/httpbin"], NOW, 120, UNICODE)
    )
    assert first == "prod/sleep → prod/httpbin   ◐ some"
    assert second == "AuthorizationPolicy prod/httpbin allows GET /get, not everything."


def test_every_reach_has_a_sign_of_its_own() -> None:
    """Also where there are no colours; that plaintext does not get through is no alarm."""
    for glyphs in (UNICODE, ASCII):
        badges = [reach_badge(reach, "workload/a/b", glyphs) for reach in Reach]
        assert len({badge.glyph for badge in badges}) == len({badge.word for badge in badges}) == len(Reach)
    assert reach_badge(Reach.BROKEN, "workload/a/b", UNICODE).tone is Tone.BAD
    assert reach_badge(Reach.BROKEN, "plaintext", UNICODE).tone is Tone.QUIET


def test_what_the_mesh_did_not_say_is_a_question_mark() -> None:
    """A cell that is missing is not shown as one that forbids."""
    cell = MatrixCell(source="a", destination="b", reach=Reach.ALL, reason="")
    grid = Grid(Matrix(sources=("a", "c"), destinations=("b",), cells=(cell,)))
    layout = grid.layout(80)
    assert [plain(cell_line(grid.at(row, 0), layout, UNICODE)).strip() for row in range(2)] == ["●", "?"]
    assert grid.at(2, 0) is None


@given(name=st.text("abcdefgh-", min_size=1, max_size=30), width=st.integers(3, 30))
def test_names_keep_both_ends(name: str, width: int) -> None:
    """As far as there is room."""
    short = abbreviated(name, width, "…")
    assert len(short) == min(len(name), width)
    assert short[0] == name[0]
    assert short[-1] == name[-1]
