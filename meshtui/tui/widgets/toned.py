"""Lines of tones made into strips of a widget's styles: the one place where a meaning becomes a colour."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from meshtui.present.cells import fit_line
from meshtui.present.tones import Line, Piece, Tone


class Toned(Widget):
    """A widget that draws `present` lines. Their colours come from the theme by way of component classes."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {*(f"tone--{tone}" for tone in Tone), "toned--cursor", "toned--flash"}

    def style_of(self, tone: Tone) -> Style:
        """How text of this tone looks here, ground included."""
        return self.get_component_rich_style(f"tone--{tone}")

    def component(self, name: str) -> Style:
        """What a component class lays over other styles."""
        return self.get_component_rich_style(name, partial=True)

    def strip_of(self, line: Line, width: int, over: Style | None = None) -> Strip:
        """A strip of exactly `width` cells; `over` is laid on every piece, and replaces its style if it is reversed:
        colours and dimness turned inside out make a patchwork.
        """
        segments = []
        for piece in fit_line(line or (Piece(""),), width):
            style = self.style_of(piece.tone)
            if over is not None:
                style = over if over.reverse else style + over
            segments.append(Segment(piece.text, style))
        return Strip(segments, width)
