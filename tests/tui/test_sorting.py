"""The order of a list, what is left out of it, and what is said of a filter while it is typed."""

from __future__ import annotations

import pytest

from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.order import KEYS
from meshtui.mesh.query import select
from meshtui.mesh.rows import Query, Sort
from meshtui.mesh.trouble import in_trouble
from meshtui.present.glyphs import ASCII
from meshtui.present.times import counted
from tests.tui.console import NOW, console

SORTS = [
    ("L", Sort.EXPIRY, "LEFT"),
    ("S", Sort.STATE, "STATE"),
    ("N", Sort.NAME, "IDENTITY"),
    ("P", Sort.NAMESPACE, "IDENTITY"),
    ("K", Sort.TARGET, "IDENTITY"),
    ("T", Sort.TRUTHS, "TRUTHS"),
    ("I", Sort.ISSUER, "ISSUER"),
    ("R", Sort.SERIAL, "SERIAL"),
]


@pytest.mark.parametrize(("key", "sort", "title"), SORTS)
async def test_shift_and_a_letter_sort_and_again_reverses(key: str, sort: Sort, title: str) -> None:
    """In the order in which the mesh has them, with a sign at the column; what misses a value stays last."""
    async with console() as shown:
        rows = [*shown.app.board.store]
        await shown.press("T" if key == "L" else "L")  # so that the first press is no reversal
        for descending, sign in ((False, "▲"), (True, "▼"), (False, "▲")):
            await shown.press(key)
            expected = select(rows, Query(sort=sort, descending=descending), NOW).rows
            assert [row.target for row in expected] == [row.target for row in shown.app.board.store]
            assert f"{title}{sign}" in shown.lines[2]
            assert shown.lines[2].count("▲") + shown.lines[2].count("▼") == 1
            assert shown.cursor == expected[0].target
    assert set(KEYS) == {each for _, each, _ in SORTS}


async def test_the_cursor_stays_on_its_row_when_the_order_is_another() -> None:
    """Once it was put on one."""
    async with console() as shown:
        await shown.press("j", "j")
        target = shown.cursor
        await shown.press("N")
        assert shown.cursor == target
        await shown.press("N")
        assert shown.cursor == target


async def test_an_order_that_no_column_shows_is_in_the_header() -> None:
    """At 80 columns there is no issuer; in ASCII the signs are letters."""
    async with console(size=(80, 24)) as shown:
        await shown.press("I")
        assert "issuer ▲" in shown.lines[0]
        await shown.press("L")
        assert "▲" not in shown.lines[0]
    async with console(glyphs=ASCII) as shown:
        assert "LEFT^" in shown.lines[2]
        await shown.press("L")
        assert "LEFTv" in shown.lines[2]


async def test_only_trouble() -> None:
    """`ctrl-z` leaves out what is well and says so in the header; again, and all is there."""
    async with console() as shown:
        rows = [*shown.app.board.store]
        troubled = [row.target for row in rows if in_trouble(row)]
        await shown.press("ctrl+z")
        assert troubled == [row.target for row in shown.app.board.store]
        assert f"only trouble   {len(troubled)} of {len(rows)}" in shown.lines[0]
        await shown.press("2")
        assert "workloads   only trouble" in shown.lines[0]
        await shown.press("1", "ctrl+z")
        assert len(shown.app.board.store) == len(rows)
        assert "only trouble" not in shown.lines[0]


async def test_nothing_in_trouble_says_so() -> None:
    """An empty list is good news here, and names the key that shows all."""
    fresh = tuple(row for row in fleet_rows(40, NOW) if not in_trouble(row))
    async with console(FakeMesh(fresh)) as shown:
        await shown.press("ctrl+z")
        assert "is in trouble   ctrl-z show all" in shown.text


async def test_what_is_odd_about_a_filter_is_said_beside_it() -> None:
    """With the count of what matches, live; a filter that is understood has the count alone."""
    async with console(size=(80, 24)) as shown:
        await shown.press("slash")
        assert "such as ns:prod" in shown.lines[-1]
        await shown.paste("left<")
        assert "/left<   18 of 18   left< waits for a time: 45s, 1h30m" in shown.lines[-1]
        await shown.paste("1h")
        assert "waits" not in shown.lines[-1]
        count = sum(row.not_after is not None for row in shown.app.board.store)
        assert f"{count} of 18" in shown.lines[-1]
        assert f"{count} of 18" in shown.lines[0]
        await shown.press("ctrl+u")
        await shown.paste("stat:fresh")
        assert "'stat' is no field and sought as a word; did you mean state?" in shown.lines[-1]
        assert "0 of 18" in shown.lines[0]


async def test_fields_of_certificates_are_words_in_other_lists() -> None:
    """What is a field of certificates is a word among policies, and nothing odd."""
    async with console() as shown:
        await shown.press("5")
        await shown.until_shown("DECIDED")
        await shown.press("slash")
        assert "such as kind:ap" in shown.lines[-1]
        await shown.paste("left<")
        assert "waits" not in shown.text
        assert " of " in shown.lines[-1]


async def test_a_large_mesh_is_sorted_by_its_owner() -> None:
    """The list follows as soon as the answer is there, from the top."""
    rows = fleet_rows(5000, NOW)
    async with console(FakeMesh(rows)) as shown:
        store = shown.app.board.store
        for key, query in (("N", Query(sort=Sort.NAME)), ("N", Query(sort=Sort.NAME, descending=True))):
            await shown.press(key)
            await shown.until(lambda: store.is_answered)
            await shown.settle()
            assert shown.cursor == select(rows, query, NOW).rows[0].target
        await shown.press("ctrl+z")
        await shown.until(lambda: store.is_answered)
        await shown.settle()
        troubled = sum(map(in_trouble, rows))
        assert f"only trouble   {counted(troubled)} of {counted(5000)}" in shown.lines[0]
