"""Draws rows as strips, and keeps what it drew as long as nothing that it was drawn from is different."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple, Protocol

from rich.style import Style
from textual.strip import Strip

from meshtui.mesh.rows import Row
from meshtui.present.columns import GAP, Column
from meshtui.present.glyphs import Glyphs
from meshtui.present.rows import age, cells
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.palette import Palette

MARGIN = 3
"""Cells beside the columns: the signs of cursor and mark before them, a space behind."""

KEPT = 500
"""Lines that are kept for when they come into view again,"""
KEPT_CELLS = 2000
"""and cells."""


class Facts(NamedTuple):
    """All that a line is drawn from."""

    row: Row
    age: tuple[str, str]
    selected: bool
    lit: frozenset[str]
    """Columns that changed a moment ago."""
    marked: bool = False


class Painted(NamedTuple):
    """A line that was drawn, in the colours of a theme."""

    facts: Facts
    strip: Strip


class Brush(Protocol):
    """The widget whose styles are used."""

    @property
    def palette(self) -> Palette:
        """The styles of the theme as it is now."""

    def strip_of(self, line: Line, width: int, over: Style | None = None) -> Strip:
        """A strip of exactly `width` cells."""


class _Memory:
    """A brush that remembers cells: of a row that says something else every second, all but one are as they were."""

    def __init__(self, brush: Brush) -> None:
        self._brush = brush
        self._strips: dict[tuple[Line, int, Style | None], Strip] = {}

    @property
    def palette(self) -> Palette:
        """See `Brush`."""
        return self._brush.palette

    def forget(self) -> None:
        """Styles are different."""
        self._strips.clear()

    def strip_of(self, line: Line, width: int, over: Style | None = None) -> Strip:
        """See `Brush`."""
        key = line, width, over
        strip = self._strips.get(key)
        if strip is None:
            if len(self._strips) >= KEPT_CELLS:
                self.forget()
            strip = self._strips[key] = self._brush.strip_of(line, width, over)
        return strip


class RowPainter:
    """Strips of rows for one set of columns."""

    def __init__(self, brush: Brush, glyphs: Glyphs) -> None:
        self._brush = _Memory(brush)
        self._glyphs = glyphs
        self._width = 0
        self._kept: dict[str, Painted] = {}
        self._palette: Palette | None = None
        self.columns: tuple[Column, ...] = ()

    def prepare(self, columns: tuple[Column, ...], width: int) -> None:
        """Draw for these columns from now on, in lines of `width` cells."""
        if (columns, width) != (self.columns, self._width):
            self.columns, self._width = columns, width
            self._kept.clear()

    def facts(self, row: Row, now: datetime, *, selected: bool, lit: frozenset[str], marked: bool = False) -> Facts:
        """What a line would be drawn from now."""
        return Facts(row, age(row, now, self._glyphs), selected, lit, marked)

    def drawn(self, target: str) -> Painted | None:
        """The line of a target as it was drawn last, if it is still kept."""
        return self._kept.get(target)

    def draw(self, facts: Facts, now: datetime) -> Painted:
        """The line, drawn anew only if something in it is different."""
        if self._palette is not self._brush.palette:
            self._palette = self._brush.palette
            self._brush.forget()
            self._kept.clear()
        painted = self._kept.get(facts.row.target)
        if painted is not None and painted.facts == facts:
            return painted
        if len(self._kept) >= KEPT:
            self._kept.clear()
        drawn = cells(facts.row, self.columns, now, self._glyphs)
        sign = self._glyphs.cursor if facts.selected else ""
        mark = self._glyphs.marked if facts.marked else ""
        strip = strip_of_cells(self._brush, self.columns, drawn, self._width, sign=sign, mark=mark, lit=facts.lit)
        painted = self._kept[facts.row.target] = Painted(facts, strip)
        return painted


def strip_of_cells(
    brush: Brush,
    columns: tuple[Column, ...],
    drawn: tuple[Line, ...],
    width: int,
    *,
    sign: str = "",
    mark: str = "",
    lit: frozenset[str] = frozenset(),
) -> Strip:
    """A line of a list: its cells, before them the cursor's `sign` where it is on this line, and the `mark` of it.

    There nothing is quiet: it is the line that is read, on a ground that grey is hard to read on, and each change of
    colour is as many bytes as a word.
    """
    cursor = brush.palette.cursor if sign else Style.null()
    flash = brush.palette.flash
    strips = [brush.strip_of((Piece(f"{sign or ' '}{mark or ' '}", Tone.BUSY),), MARGIN - 1, cursor)]
    for column, cell in zip(columns, drawn, strict=True):
        line = tuple(Piece(text, Tone.PLAIN if sign and tone is Tone.QUIET else tone) for text, tone in cell)
        if column.key in lit:
            strips += [brush.strip_of(line, column.width, cursor + flash), brush.strip_of((), GAP, cursor)]
        else:
            # The gap in the tone of the cell before it makes one run of the two
            gap = Piece(" " * GAP, line[-1].tone if line else Tone.PLAIN)
            strips.append(brush.strip_of((*line, gap), column.width + GAP, cursor))
    return Strip.join(strips).adjust_cell_length(width, brush.palette.tones[Tone.QUIET] + cursor).simplify()
