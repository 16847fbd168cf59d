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
        """A strip of exactly `width` cells; `over` is laid on every piece, and replaces its style if it is reversed:
        colours and dimness turned inside out make a patchwork.
        """
        tones = self.palette.tones
        segments = []
        for piece in fit_line(line or (Piece(""),), width):
            style = tones[piece.tone]
            if over is not None:
                style = over if over.reverse else style + over
            segments.append(Segment(piece.text, style))
        return Strip(segments, width)
