"""Columns share a width, whatever it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.rows import View
from meshtui.mesh.traffic import AuditQuery, TrafficQuery
from meshtui.present.audit import AUDIT, Told, told
from meshtui.present.cells import line_width
from meshtui.present.columns import GAP, Column, Table, Wanted, joined, lay_out, titles
from meshtui.present.findings import FINDINGS
from meshtui.present.glyphs import ASCII, UNICODE, Glyphs
from meshtui.present.matrix import REACHES
from meshtui.present.policies import POLICIES
from meshtui.present.rows import COLUMNS
from meshtui.present.tones import plain
from meshtui.present.traffic import DENIED, TRAFFIC
from meshtui.present.trust_tree import TREE

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
HOSTILE = "\x1b[2J\u202e[red]\n" + "界" * 300


async def items_of(mesh: FakeMesh) -> list[tuple[Table[Any], Any]]:
    """An item of every list, as it is and with hostile words in it."""
    policies, matrix = await mesh.policies(), await mesh.matrix()
    traffic, entries = await mesh.traffic(TrafficQuery()), await mesh.audit(AuditQuery())
    call = traffic.denied[0]
    evil = replace(entries[0], kind=HOSTILE, target=HOSTILE, text=HOSTILE, actor=HOSTILE, outcome=HOSTILE)
    return [
        *((POLICIES, row) for row in policies),
        (POLICIES, replace(policies[0], policy=HOSTILE, name=HOSTILE, says=HOSTILE, problem=HOSTILE, state=HOSTILE)),
        *((TRAFFIC, pair) for pair in traffic.pairs),
        (TRAFFIC, replace(traffic.pairs[0], source=HOSTILE, source_target="", policy=HOSTILE, last_text=HOSTILE)),
        *((DENIED, each) for each in traffic.denied),
        (DENIED, replace(call, host=HOSTILE, path=HOSTILE, destination=HOSTILE, tls=HOSTILE, policy=f"x {HOSTILE}")),
        *((AUDIT, item) for item in told(entries)),
        (AUDIT, Told(evil, evil.at, 1_000_000)),
        *((REACHES, cell) for cell in matrix.cells),
    ]


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
@pytest.mark.parametrize("width", [37, 57, 77, 97, 117, 137, 157, 197])
async def test_every_cell_fills_its_column_and_is_inert(width: int, glyphs: Glyphs) -> None:
    """In every list, at any width, for any item: cells and gaps make up the width, and nothing in them is obeyed."""
    for table, item in await items_of(FakeMesh(now=lambda: NOW)):
        columns = table.layout(width)
        line = joined(table.cells(item, columns, NOW, glyphs))
        assert line_width(line) == line_width(titles(columns, glyphs)) <= width
        assert plain(line).isprintable()
        assert plain(line).isascii() or glyphs is UNICODE


@given(width=st.integers(37, 300))
def test_wider_lists_show_more(width: int) -> None:
    """No column goes when there is more room, but for one that a better one replaces."""
    for table in (POLICIES, TRAFFIC, DENIED, AUDIT, REACHES):
        fewer = {column.key for column in table.layout(width)} - {"short"}
        assert fewer <= {column.key for column in table.layout(width + 1)}


@given(width=st.integers(60, 300))
def test_what_is_left_is_shared(width: int) -> None:
    """Columns without a width of their own take all that the others leave."""
    for table in (POLICIES, TRAFFIC, DENIED, AUDIT, REACHES):
        columns = table.layout(width)
        assert sum(column.width for column in columns) + GAP * (len(columns) - 1) == width


LISTS = [*COLUMNS.values(), *(table.columns for table in (TREE, POLICIES, TRAFFIC, DENIED, AUDIT, FINDINGS))]


def width_of_all(columns: tuple[Column, ...]) -> int:
    return sum(column.width for column in columns) + GAP * (len(columns) - 1)


@pytest.mark.parametrize("columns", LISTS)
@given(width=st.integers(37, 400))
def test_all_columns_can_be_seen_at_any_width(columns: tuple[Column, ...], width: int) -> None:
    """Side by side or, where there is no room, one after the other; what says which item it is stays in sight."""
    seen: dict[str, None] = {}
    layout = lay_out(columns, width, Wanted(every=True))
    staying = [column.key for column in layout.columns if column.stays]
    while True:
        assert width_of_all(layout.columns) <= width
        assert staying == [column.key for column in layout.columns if column.stays]
        seen |= dict.fromkeys(column.key for column in layout.columns)
        if not layout.behind or width < 60:
            break
        layout = lay_out(columns, width, Wanted(every=True, skipped=layout.before + 1))
    replaced = {"sign", "short", "namespaced", "namespace", "name"}
    assert width < 60 or set(seen) - replaced == {column.key for column in columns} - replaced


@pytest.mark.parametrize("columns", LISTS)
def test_scrolling_ends_where_the_last_column_is_in_sight(columns: tuple[Column, ...]) -> None:
    """However far one asks to go."""
    layout = lay_out(columns, 77, Wanted(every=True, skipped=100))
    assert layout.behind == 0
    assert layout.before == 0 or lay_out(columns, 77, Wanted(every=True, skipped=layout.before - 1)).behind


def test_named_columns_are_shown_whatever_the_width() -> None:
    """In their order; those without a width take what is left, and what does not fit can be scrolled to."""
    columns, named = COLUMNS[View.IDENTITIES], ("left", "target", "state", "issuer")
    wide, narrow = lay_out(columns, 157, Wanted(named)), lay_out(columns, 57, Wanted(named))
    assert tuple(column.key for column in wide.columns) == named
    assert (width_of_all(wide.columns), wide.behind) == (157, 0)
    assert [column.key for column in narrow.columns] == ["left", "target", "state"]
    assert (width_of_all(narrow.columns), narrow.behind) == (57, 1)
    scrolled = lay_out(columns, 57, Wanted(named, skipped=1))
    assert [column.key for column in scrolled.columns] == ["target", "state", "issuer"]
    assert [column.key for column in lay_out(columns, 300, Wanted(named, every=True)).columns][:5] == [*named, "truths"]
