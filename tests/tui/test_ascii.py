"""The console where there are no signs but those of ASCII: every place, page and dialog, at every width."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from textual.color import Color

from meshtui.present.glyphs import ASCII
from meshtui.present.tones import Piece
from meshtui.tui.places import Place
from meshtui.tui.typewriter import Typewriter, typewritten
from meshtui.tui.widgets.lines import Lines
from tests.tui.console import Console, console

OPEN = {
    Place.IDENTITIES: ("i", "v", "x", "c", "y", "enter", "ctrl+s", "ctrl+p", "question_mark"),
    Place.POLICIES: ("m", "enter"),
    Place.TRAFFIC: ("enter", "d"),
    Place.FINDINGS: ("f",),
    Place.AUDIT: ("enter",),
}
"""Keys of places that open something above them."""


def not_ascii(shown: Console) -> list[str]:
    return [line.rstrip() for line in shown.lines if not line.isascii()]


@pytest.fixture
def replaced(monkeypatch: pytest.MonkeyPatch) -> set[str]:
    """What the typewriter finds to do."""
    found: set[str] = set()
    apply = Typewriter.apply

    def recording(self: Typewriter, segments: list[Segment], background: Color) -> list[Segment]:
        found.update(char for segment in segments for char in segment.text if not char.isascii())
        return apply(self, segments, background)

    monkeypatch.setattr(Typewriter, "apply", recording)
    return found


async def test_nothing_is_drawn_that_is_not_ascii(replaced: set[str]) -> None:
    """Wherever one goes, each line is made of ASCII, and nothing but an ellipsis is left to replace."""
    seen = set()
    async with console(glyphs=ASCII) as shown:
        for place in Place:
            await shown.app.show_place(place)
            await shown.settle()
            assert not_ascii(shown) == [], place
            depth = len(shown.app.screen_stack)
            for key in OPEN.get(place, ()):
                await shown.press(key)
                assert not_ascii(shown) == [], (place, key)
                seen.add(type(shown.app.screen).__name__)
                while len(shown.app.screen_stack) > depth:
                    await shown.press("escape")
        await shown.app.show_place(Place.IDENTITIES)
        await shown.press("space", "down", "space", "r")
        assert not_ascii(shown) == []
        seen.add(type(shown.app.screen).__name__)
    assert seen >= {
        *("PlanDialog", "VerifyScreen", "DetailScreen", "HelpScreen", "PaletteScreen", "SaveDialog"),
        *("MatrixScreen", "BatchDialog", "ReachScreen"),
    }
    assert replaced <= {"…"}


async def test_what_is_cut_and_what_is_typed_is_ascii_too(replaced: set[str]) -> None:
    """Where there is no room for a line, and where a person types what nothing can show."""
    async with console(size=(60, 20), glyphs=ASCII) as shown:
        await shown.app.screen.mount(long := Lines(id="long"))
        long.show([(Piece("longer than the line " * 4),)])
        await shown.settle()
        assert not_ascii(shown) == []
        await shown.press("slash")
        await shown.paste("\u00fc")
        assert not_ascii(shown) == []
    assert replaced == {"…", "\u00fc"}


@pytest.mark.parametrize(
    ("text", "expected"), [("plain", "plain"), ("cut off…", "cut off>"), ("M\u00fcnchen", "M?nchen"), ("\u4e2d", "??")]
)
def test_what_is_typewritten_is_as_wide_as_it_was(text: str, expected: str) -> None:
    """Columns stay where they are."""
    assert typewritten(text) == expected
