"""Lines of tones made into strips of a widget's width, in the styles of the app's theme."""

from __future__ import annotations

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from meshtui.present.cells import fit_line
from meshtui.present.tones import Line, Piece
from meshtui.tui.palette import Palette, palette


class Toned(Widget):
    """A widget that draws `present` lines."""

    @property
    def palette(self) -> Palette:
        """The styles of the theme as it is now."""
        return palette(self.app.theme)

    def strip_of(self, line: Line, width: int, over: Style | None = None) -> Strip:
        """A strip of exactly `width` cells, with what is laid `over` its styles."""
        styled = self.palette.styled
        return Strip([Segment(text, styled(tone, over)) for text, tone in fit_line(line or (Piece(""),), width)], width)
