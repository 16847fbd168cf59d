"""The palette has what the live bindings have, and does it."""

from __future__ import annotations

from meshtui.keymap import Keymap
from meshtui.present.glyphs import ASCII
from tests.tui.console import console


async def test_all_that_can_be_done_is_found_by_its_words() -> None:
    """Typing narrows; enter does it, where the key would."""
    async with console() as shown:
        await shown.press("ctrl+p")
        assert "rotate: a new key too" in shown.text
        await shown.paste("sort name")
        assert "rotate: a new key" not in shown.text
        assert "N           sort by name" in shown.text
        await shown.press("enter")
        assert "IDENTITY▲" in shown.lines[2]
        assert len(shown.app.screen_stack) == 1


async def test_it_differs_from_screen_to_screen() -> None:
    """What is bound there is in it, and what is not is not; placeless actions are everywhere."""
    async with console() as shown:
        await shown.press("5", "ctrl+p")
        assert "matrix: who can call whom" in shown.text
        assert "rotate" not in shown.text
        await shown.paste("matrix")
        await shown.press("enter")
        await shown.until_shown("who can call whom")
        await shown.press("ctrl+p", *"quit", "enter")
        assert shown.app._exit


async def test_what_does_not_work_on_the_row_says_why() -> None:
    """As in the footer; choosing it says the same, and changes nothing."""
    async with console() as shown:
        await shown.press("ctrl+p")
        await shown.paste("issue the")
        assert "issue the first one (has one)" in shown.text
        await shown.press("enter")
        assert "issue does not work here: has one." in shown.text


async def test_the_cursor_moves_and_scrolls() -> None:
    """Down and up, past what is in sight; escape closes it and does nothing."""
    async with console(size=(80, 24)) as shown:
        await shown.press("ctrl+p", *["down"] * 25)
        chosen = next(line for line in shown.lines if "│  ▸ " in line and "enter do" not in line)
        await shown.press("up")
        assert chosen not in shown.lines
        await shown.press("escape")
        assert len(shown.app.screen_stack) == 1
        assert "identities" in shown.lines[0]


async def test_words_that_nothing_has_leave_it_empty() -> None:
    """And enter does nothing then."""
    async with console() as shown:
        await shown.press("ctrl+p", *"zzzz")
        assert "nothing here is called that" in shown.text
        await shown.press("enter")
        assert len(shown.app.screen_stack) == 2


async def test_it_has_the_keys_that_apply() -> None:
    """Another key for an action is what it shows; in ASCII where nothing else can be."""
    async with console(keymap=Keymap({"rotate": "ctrl+t"}), glyphs=ASCII) as shown:
        await shown.press("ctrl+p", *"rotate")
        assert "ctrl-t" in shown.line("rotate: a new key too")
        assert shown.text.isascii()
