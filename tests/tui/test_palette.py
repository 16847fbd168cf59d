"""The styles of themes, and that a screen takes on those of another theme at once."""

from __future__ import annotations

import pytest
from rich.style import Style
from textual.screen import Screen

from meshtui.present.tones import Tone
from meshtui.tui.palette import palette
from meshtui.tui.themes import DARK, LIGHT, TERMINAL, THEMES
from tests.tui.console import console


@pytest.mark.parametrize("name", [theme.name for theme in THEMES])
def test_every_tone_stands_on_the_ground_of_its_theme(name: str) -> None:
    """No text changes the ground behind it, and a cursor is seen by its ground or by being reversed."""
    styles = palette(name)
    grounds = {styles.tones[tone].bgcolor for tone in Tone}
    assert len(grounds) == 1
    assert styles.cursor.reverse or styles.cursor.bgcolor not in grounds
    assert styles.flash.reverse or styles.flash.bgcolor not in grounds


async def test_another_theme_repaints_everything() -> None:
    """Rows that are kept, and lines that do not change by themselves."""
    async with console(theme=DARK) as shown:
        await shown.pilot.press("0", "1")
        for name in (LIGHT, TERMINAL, DARK):
            shown.app.theme = name
            await shown.settle()
            grounds = {style.bgcolor for style in _styles(shown.app.screen)}
            ground = palette(name).tones[Tone.PLAIN].bgcolor
            assert grounds == {ground, palette(name).cursor.bgcolor}
            assert {style.color for style in _styles(shown.app.screen) if style.bgcolor == ground} <= {
                palette(name).tones[tone].color for tone in Tone
            } | {palette(name).cursor.color}


def _styles(screen: Screen[object]) -> set[Style]:
    """Those of every cell of a screen, as the compositor has them."""
    strips = screen._compositor.render_strips()
    return {style for strip in strips for text, style, _ in strip if style is not None and text}
