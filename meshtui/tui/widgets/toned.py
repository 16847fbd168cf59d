"""Lines of tones made into strips of a widget's styles: the one place where a meaning becomes a colour."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from meshtui.present.cells import fit_line, width_of
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
        """A strip of exactly `width` cells; `over` is laid on every piece."""
        fitted: Line = fit_line(line or (Piece(""),), width)
        segments = [
            Segment(piece.text, self.style_of(piece.tone) + over if over else self.style_of(piece.tone))
            for piece in fitted
        ]
        return Strip(segments, width)

    def refresh_cells(self, y: int, before: Line, after: Line) -> None:
        """Repaint what differs between two lines at `y` of what is in view, and no cell more."""
        if (span := differing(before, after)) is not None:
            start, end = span
            self.refresh(Region(start, y, end - start, 1))


def differing(before: Line, after: Line) -> tuple[int, int] | None:
    """The first cell in which two lines differ, and the one behind the last; None when they are the same."""
    if before == after:
        return None
    old, new = _spread(before), _spread(after)
    length = max(len(old), len(new))
    old += [_BLANK] * (length - len(old))
    new += [_BLANK] * (length - len(new))
    places = [place for place in range(length) if old[place] != new[place]]
    return (places[0], places[-1] + 1) if places else None


_BLANK = (" ", Tone.PLAIN)


def _spread(line: Line) -> list[tuple[str, Tone]]:
    """What stands in each cell; a wide character stands in two, and spaces have no tone."""
    return [
        (char, piece.tone) if char != " " else _BLANK
        for piece in line
        for char in piece.text
        for _ in range(width_of(char))
    ]
