"""What a theme makes of each tone: the one place where a meaning becomes a style.

Made once for a theme. As component classes of each widget, Textual would match every one of them against every rule
of the style sheet, for every widget of every screen: a third of the time until a screen is there.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from rich.style import Style
from textual.color import Color

from meshtui.present.tones import Tone
from meshtui.tui.themes import THEMES


@dataclass(frozen=True)
class Palette:
    """The styles of one theme."""

    tones: dict[Tone, Style]
    """How text looks, ground included."""
    cursor: Style
    """What is laid over the styles of a line under the cursor,"""
    flash: Style
    """and over those of a cell that changed a moment ago."""

    def styled(self, tone: Tone, over: Style | None = None) -> Style:
        """How text of a tone looks under what is laid `over` it. Reversed, that replaces it: colours and dimness
        turned inside out make a patchwork.
        """
        if over is None:
            return self.tones[tone]
        return over if over.reverse else self.tones[tone] + over


@lru_cache(maxsize=8)
def palette(name: str) -> Palette:
    """The styles of one of our themes."""
    said = next(theme.variables for theme in THEMES if theme.name == name)

    def colour(name: str) -> str:
        return Color.parse(said[name]).rich_color.name

    def text_style(name: str) -> Style:
        return Style.parse(said[f"{name}-style"])

    ground = Style(bgcolor=colour("ground"))
    tones = {tone: Style(color=colour(f"tone-{tone}")) + text_style(f"tone-{tone}") + ground for tone in Tone}

    def laid_over(name: str) -> Style:
        if said[f"{name}-ground"] == said["ground"]:
            return ground + text_style(name) + Style(color=colour("tone-plain"))  # a terminal's own colours, reversed
        return Style(bgcolor=colour(f"{name}-ground")) + text_style(name)

    return Palette(tones, laid_over("cursor"), laid_over("flash"))
