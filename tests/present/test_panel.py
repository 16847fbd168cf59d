"""What stands beside a list about one row of it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from meshtui.mesh.fake import FakeMesh, demo_rows
from meshtui.mesh.rows import Row
from meshtui.present.cells import line_width
from meshtui.present.glyphs import ASCII, UNICODE, Glyphs
from meshtui.present.panel import panel_lines
from meshtui.present.tones import Tone, plain

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
ROWS = {row.target: row for row in demo_rows(NOW)}
SHOP = ROWS["gateway/istio-system/shop-credential"]


def text_of(row: Row) -> str:
    return "\n".join(plain(line).rstrip() for line in panel_lines(row, None, NOW, 60, UNICODE))


def test_the_row_itself_says_the_four_truths_and_why_they_part() -> None:
    """Serials with their ends, the first disagreement, the last error, who serves it and who signed it."""
    text = text_of(SHOP)
    for part in (
        "● held     e189…1333  14:40:31Z  38m",
        "○ served   b0ea…d135\n",
        "served by envoy 1.40.0",
        "✗ first disagreement: held ≠ served",
        "! Envoy rejected the update",
        "← example.com",
        "! overdue",
        "in 38 minutes",
    ):
        assert part in text


def test_what_a_row_does_not_know_is_not_made_up() -> None:
    """What could not be asked is not known, what nobody serves is not expected, and what never was is none."""
    assert "? served   not known" in text_of(ROWS["workload/payments/checkout"])
    assert "· served   nothing expected" in text_of(ROWS["workload/prod/sleep"])
    assert "○ issued   none" in text_of(ROWS["workload/batch/loader"])
    assert "no certificate" in text_of(ROWS["workload/batch/loader"])
    differs = text_of(ROWS["workload/prod/ratings-v1"])
    assert "○ held     bfbc…155c" in differs


@pytest.mark.parametrize("target", ROWS)
async def test_details_add_to_what_is_there_and_move_nothing(target: str) -> None:
    """Each line of the row keeps its place, and may only say more."""
    row, detail = ROWS[target], await FakeMesh(now=lambda: NOW).detail(target)
    before = [plain(line).rstrip() for line in panel_lines(row, None, NOW, 60, UNICODE)]
    after = [plain(line).rstrip() for line in panel_lines(row, detail, NOW, 60, UNICODE)]
    assert [line.split()[:2] for line in after[: len(before)]] == [line.split()[:2] for line in before]
    assert len(after) > len(before)


async def test_the_key_of_the_fix_stands_before_it() -> None:
    """As on the page of details."""
    detail = await FakeMesh(now=lambda: NOW).detail(SHOP.target)
    lines = panel_lines(SHOP, detail, NOW, 60, UNICODE, fix_key="f")
    assert any(line[0].text.strip() == "f" and line[0].tone is Tone.BUSY for line in lines if line)


@pytest.mark.parametrize("glyphs", [UNICODE, ASCII])
async def test_no_line_is_wider_than_the_panel(glyphs: Glyphs) -> None:
    """Whatever the names are, which are inert here as everywhere."""
    detail = await FakeMesh(now=lambda: NOW).detail(SHOP.target)
    evil = "\x1b[2J\u202e[red]" + "x" * 10_000
    row = replace(SHOP, target=evil, identity=evil, issuer=evil, served_by=evil, last_error="\x07 no", serial="\x1b]0;")
    for shown in (None, detail, replace(detail, depends=(evil,) * 20, row=row)):
        for each in (row, SHOP):
            lines = panel_lines(each, shown, NOW, 43, glyphs)
            assert max(map(line_width, lines)) <= 43
            assert all(plain(line).isprintable() for line in lines)
