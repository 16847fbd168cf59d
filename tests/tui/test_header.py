"""The first line gives up what says least."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from meshtui.mesh.fake import FakeMesh
from meshtui.present.cells import line_width
from meshtui.present.glyphs import UNICODE
from meshtui.present.tones import Tone, plain
from meshtui.tui.board import Board, Link
from meshtui.tui.header import header_line
from tests.tui.console import NOW

CRUMBS = ("meshtui", "identities", "gateway/istio-system/shop-credential", "verify")


@pytest.fixture
async def board() -> Board:
    info = await FakeMesh(now=lambda: NOW).info()
    return Board(now=lambda: NOW, glyphs=UNICODE, opening="", info=info, link=Link.LIVE, last_heard=NOW)


@pytest.mark.parametrize("width", [40, 60, 80, 100, 140, 200])
def test_the_line_fills_its_width_and_always_says_how_fresh_it_is(board: Board, width: int) -> None:
    """Whatever has to go, where one is and how old it is stays."""
    line = header_line(CRUMBS, "12 of 32", board, width)
    assert line_width(line) == width
    assert plain(line).rstrip().endswith("live · 14:02Z")
    assert "verify" in plain(line)


def test_wide_lines_say_all(board: Board) -> None:
    """With room, backend, trust domain, proxies and CA are there."""
    assert "fake · cluster.local · 3 envoys · ca ✓" in plain(header_line(CRUMBS[:2], "", board, 140))


def test_staleness_is_counted_and_stands_out(board: Board) -> None:
    """What is old says how old, in the tone of what is wrong."""
    board.link, board.last_heard = Link.STALE, NOW - timedelta(seconds=34)
    line = header_line(CRUMBS[:2], "", board, 140)
    assert ("STALE 34s", Tone.BAD) in line


def test_a_mesh_without_proxies_is_not_one_whose_proxies_died(board: Board) -> None:
    """`no envoy` is quiet, `1/3 envoys` is not."""
    assert board.info is not None
    board.info = replace(board.info, proxies_running=0, proxies_wanted=0)
    assert ("no envoy", Tone.QUIET) in header_line(CRUMBS[:2], "", board, 140)
    board.info = replace(board.info, proxies_running=1, proxies_wanted=3)
    assert ("1/3 envoys", Tone.BAD) in header_line(CRUMBS[:2], "", board, 140)
