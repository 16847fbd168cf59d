"""What is on the screen is of use at 60x20, and nothing breaks below that."""

from __future__ import annotations

from meshtui.present.glyphs import ASCII
from tests.tui.console import Console, console


def fits(shown: Console, width: int, height: int) -> None:
    assert [len(line) for line in shown.lines] == [width] * height, shown.text


async def test_a_list_at_60x20_has_what_is_needed() -> None:
    """Who, until when, in which state, by which truths, and of the row under the cursor why; and the keys."""
    async with console(size=(60, 20)) as shown:
        await shown.press("j", "j", "j")
        assert len([line for line in shown.lines if "workload/" in line or "gateway/" in line]) >= 8
        for part in ("shop-credential", "●●●○", "38m", "! overdue"):
            assert part in next(line for line in shown.lines if line.startswith("▸ "))
        for part in ("held≠served", "b0ea…d135", "? help", "live", "meshtui ▸ identities"):
            assert part in shown.text
        await shown.press("2")
        assert "WORKLOAD" in shown.lines[2]
        assert "prod/reviews-v3" in shown.text
        assert "workload/" not in shown.text


async def test_every_screen_at_60x20_shows_the_key_that_leads_out() -> None:
    """Places by their line, pages and dialogs by name, and what is typed however long it is; in the wider signs."""
    async with console(size=(60, 20), glyphs=ASCII) as shown:
        for digit in "012345678":
            await shown.press(digit)
            await shown.settle()
            fits(shown, 60, 20)
            assert f"{digit} " in shown.lines[1]
            assert "? help" in shown.lines[-1]
        await shown.press("1")
        for keys, leads_out in (
            (("question_mark",), "esc close"),
            (("slash", *"is:trouble"), "esc"),
            (("slash", *("payments " * 8)), "esc"),
            (("colon", *"rota"), "esc"),
            (("colon", *("rotate workload/" * 4)), "esc"),
            (("ctrl+p",), "esc"),
            (("ctrl+s",), "esc cancel"),
            (("enter",), "esc back"),
        ):
            await shown.burst(*("space" if key == " " else "slash" if key == "/" else key for key in keys))
            await shown.settle()
            fits(shown, 60, 20)
            assert leads_out in shown.text
            await shown.press("escape")
            await shown.press("escape")
            await shown.press("1")
        await shown.press("r")
        await shown.until_shown("esc cancel")
        assert "enter rotate" in shown.text
        fits(shown, 60, 20)


async def test_a_filter_that_matches_nothing_says_how_to_clear_it() -> None:
    """However long it is."""
    async with console(size=(60, 20)) as shown:
        await shown.press("slash")
        await shown.paste("no such thing " * 10)
        await shown.press("enter")
        assert "esc clear the filter" in shown.text


async def test_what_is_short_gives_up_the_summary_before_the_list() -> None:
    """The list keeps its lines as long as there is anything else to take them from."""
    async with console(size=(80, 20)) as shown:
        before = shown.app.screen.query_one("#rows").size.height
        await shown.press("j", "j", "j")
        assert "shop.example.com" in shown.text
        for height in (19, 18):
            await shown.pilot.resize_terminal(80, height)
            await shown.settle()
            assert shown.app.screen.query_one("#rows").size.height == before
            assert "held≠served" in shown.text
        assert "shop.example.com" not in shown.text


async def test_nothing_breaks_at_any_size() -> None:
    """Screens are resized as they come, with dialogs over them, and are whole again at the end."""
    async with console(size=(140, 40)) as shown:
        sizes = ((40, 12), (20, 5), (200, 60), (1, 1), (60, 20), (300, 3), (39, 100), (41, 8))
        for size, key in zip(sizes, ("question_mark", "escape", "0", "5", "1", "enter", "r", "ctrl+w"), strict=True):
            await shown.pilot.resize_terminal(*size)
            await shown.press(key)
        await shown.pilot.resize_terminal(140, 40)
        await shown.press("escape", "escape", "1")
        fits(shown, 140, 40)
        assert "IDENTITY" in shown.lines[2]


async def test_at_40_cells_help_is_among_the_keys() -> None:
    """It names all others."""
    async with console(size=(40, 12)) as shown:
        assert "? help" in shown.lines[-1]
        assert "rotate" in shown.lines[-1]
