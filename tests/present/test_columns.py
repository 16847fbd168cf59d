"""Columns share a width, whatever it is."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.traffic import AuditQuery, TrafficQuery
from meshtui.present.audit import AUDIT, Told, told
from meshtui.present.cells import line_width
from meshtui.present.columns import GAP, Table, joined, titles
from meshtui.present.glyphs import ASCII, UNICODE, Glyphs
from meshtui.present.matrix import REACHES
from meshtui.present.policies import POLICIES
from meshtui.present.tones import plain
from meshtui.present.traffic import DENIED, TRAFFIC

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
