"""Places are left and found again: by esc, by the way back, by saved filters, by keys that somebody chose."""

from __future__ import annotations

import asyncio

from meshtui.keymap import Keymap, read_keymap
from meshtui.saved_filters import SavedFilter
from meshtui.tui.widgets.row_list import RowList
from tests.tui.console import DEADLINE, console

LATE = SavedFilter("late", "ns:prod is:trouble", "workloads", 3, "state")


def remapped(**keys: str) -> Keymap:
    keymap, problems = read_keymap({name.replace("_", "-"): key for name, key in keys.items()})
    assert not problems
    return keymap


async def test_the_way_back_and_forward() -> None:
    """`[` and `]` lead through the places as they were left, with their filters; at the ends that is said."""
    async with console() as shown:
        await shown.press("left_square_bracket")
        assert "There is no place before this one." in shown.text
        await shown.press("slash", *"prod", "enter", "2", "7")
        await shown.press("left_square_bracket")
        assert "meshtui ▸ workloads   /prod" in shown.lines[0]
        await shown.press("slash", "ctrl+u", "enter", "left_square_bracket")
        assert "meshtui ▸ identities   /prod" in shown.lines[0]
        await shown.press("right_square_bracket", "right_square_bracket")
        assert "meshtui ▸ audit" in shown.lines[0]
        await shown.press("right_square_bracket")
        assert "There is no place after this one." in shown.text


async def test_minus_goes_between_the_last_two() -> None:
    """There and back, as often as one likes."""
    async with console() as shown:
        await shown.press("minus")
        assert "There was no other place yet." in shown.text
        await shown.press("6", "5")
        for place in ("traffic", "policies", "traffic"):
            await shown.press("minus")
            assert f"meshtui ▸ {place}" in shown.lines[0]


async def test_digits_lead_away_from_pages_too() -> None:
    """To places and to saved filters, and back to the list that the page was opened from."""
    async with console(saved=(LATE,)) as shown:
        for digit, place in (("5", "policies"), ("3", "workloads   late /ns:prod"), ("1", "identities")):
            await shown.press("1", "enter")
            await shown.until_shown("CHAIN")
            await shown.press(digit)
            assert f"meshtui ▸ {place}" in shown.lines[0]


async def test_what_was_to_be_painted_in_a_batch_is_painted_after_it() -> None:
    """Coming back to a place that is as it was left: nothing but the coming back asks for it to be painted."""
    async with console() as shown:
        screen, idle = shown.app.screen, asyncio.Event()
        with shown.app.batch_update():
            screen.refresh()
            screen.call_later(idle.set)
            await idle.wait()
        assert screen._repaint_required
        async with asyncio.timeout(DEADLINE.total_seconds()):
            while screen._repaint_required:  # noqa: ASYNC110 - nothing tells of it; the pilot's own pause would paint
                await asyncio.sleep(0.005)


async def test_esc_walks_up_to_the_first_place() -> None:
    """From a page to its list, there through what is said, the filter and only trouble, then up."""
    async with console() as shown:
        await shown.press("1", "slash", *"prod", "enter", "ctrl+z", "enter")
        await shown.until_shown("desired")
        await shown.press("escape")
        assert "only trouble   /prod" in shown.lines[0]
        await shown.press("escape")
        assert "/prod" not in shown.lines[0]
        await shown.press("escape")
        assert "only trouble" not in shown.lines[0]
        assert "identities" in shown.lines[0]
        await shown.press("escape")
        assert "meshtui ▸ overview" in shown.lines[0]
        await shown.press("escape")
        assert "meshtui ▸ overview" in shown.lines[0]


async def test_a_digit_applies_the_filter_that_was_saved_on_it() -> None:
    """The header has its name as long as it is that filter; other digits lead to their places."""
    async with console(saved=(LATE,)) as shown:
        assert "3 late" in shown.lines[1]
        assert "3 gateways" not in shown.lines[1]
        await shown.press("3")
        assert "workloads   late /ns:prod is:trouble   2 of 12" in shown.lines[0]
        assert "STATE▲" in shown.lines[2]
        await shown.press("slash", "x")
        assert "late" not in shown.lines[0]
        await shown.press("escape", "4")
        assert "authorities" in shown.lines[0]
        await shown.press("question_mark")
        assert "3 late" in shown.text


async def test_a_hostile_name_of_a_saved_filter_is_inert() -> None:
    """In the line of places, the header, help and the palette."""
    saved = (SavedFilter("[red]x')", "a", "identities", 8), SavedFilter("\u202ey", "b"))
    async with console(saved=saved, size=(200, 50)) as shown:
        await shown.press("8")
        assert "[red]x') /a" in shown.lines[0]
        for keys in (("question_mark",), ("escape", "ctrl+p")):
            await shown.press(*keys)
            assert "[red]x')" in shown.text
            assert all(line.isprintable() for line in shown.lines)


async def test_keys_can_be_other_ones() -> None:
    """What was put on another key works there and no longer where it was; footer and help say so."""
    async with console(keymap=remapped(filter="F2", command=",", rotate="i", issue="r", down="n")) as shown:
        assert "i rotate" in shown.lines[-1]
        assert "f2 filter" in shown.lines[-1]
        before = shown.cursor
        await shown.press("j")
        assert shown.cursor == before
        await shown.press("n")
        assert shown.cursor != before
        await shown.burst("f2", *"zzq")
        await shown.until_shown("/zzq")
        await shown.press("escape", "slash")
        assert "enter keep" not in shown.lines[-1]
        await shown.press("comma", *"tr", "enter")
        assert "traffic" in shown.lines[0]
        await shown.press("question_mark")
        assert "f2" in shown.text
        await shown.press("escape", "1", "i")
        await shown.until_shown("enter rotate")


async def test_what_is_typed_behind_a_digit_is_for_its_place() -> None:
    """However fast: a filter, a command, another digit; and a digit in a text leads nowhere."""
    async with console() as shown:
        await shown.burst("5", "slash", *"zzz", "enter", *"3jj")
        await shown.until_shown("meshtui ▸ gateways")
        assert shown.app.board.store.filter == ""
        await shown.until(lambda: shown.app.screen_stack[0].query_one(RowList).place == 2)
        await shown.press("5")
        await shown.until_shown("/zzz")
        await shown.burst("6", "colon", *"gw 5", "enter")
        await shown.until_shown("meshtui ▸ gateways")
        assert shown.app.board.store.filter == "ns=5"
        await shown.burst("1", "9", "0")
        await shown.until_shown("meshtui ▸ overview")


async def test_only_what_is_seen_is_current() -> None:
    """A list behind a page is not painted, and the page not again for it; behind a dialog it is in sight."""
    async with console() as shown:
        root = shown.app.screen_stack[0]
        assert root.is_current
        await shown.press("question_mark")
        assert root.is_current
        await shown.press("escape", "enter")
        await shown.until_shown("CHAIN")
        assert not root.is_current
        await shown.press("question_mark")
        assert not root.is_current
        await shown.press("escape", "escape")
        assert root.is_current
