"""Draws rows as strips, and keeps what it drew as long as nothing that it was drawn from is different."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from meshtui.mesh.rows import Row
from meshtui.present.columns import GAP, Column
from meshtui.present.glyphs import Glyphs
from meshtui.present.rows import age, cells
from meshtui.present.tones import Line, Tone
from meshtui.tui.palette import Palette

MARGIN = 3
"""Cells beside the columns: the signs of cursor and mark before them, a space behind."""

KEPT = 500
"""Lines that are kept for when they come into view again."""


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


class RowPainter:
    """Strips of rows for one set of columns, in the styles of `palette` at the time."""

    def __init__(self, palette: Callable[[], Palette], glyphs: Glyphs) -> None:
        self._current = palette
        self._palette: Palette | None = None
        self._glyphs = glyphs
        self._width = 0
        self._kept: dict[str, Painted] = {}
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
        palette = self._current()
        if palette is not self._palette or len(self._kept) >= KEPT:
            self._palette = palette
            self._kept.clear()
        painted = self._kept.get(facts.row.target)
        if painted is not None and painted.facts == facts:
            return painted
        drawn = cells(facts.row, self.columns, now, self._glyphs)
        sign = self._glyphs.cursor if facts.selected else ""
        mark = self._glyphs.marked if facts.marked else ""
        strip = strip_of_cells(palette, self.columns, drawn, self._width, sign=sign, mark=mark, lit=facts.lit)
        painted = self._kept[facts.row.target] = Painted(facts, strip)
        return painted


def strip_of_cells(
    palette: Palette,
    columns: tuple[Column, ...],
    drawn: tuple[Line, ...],
    width: int,
    *,
    sign: str = "",
    mark: str = "",
    lit: frozenset[str] = frozenset(),
) -> Strip:
    """A line of a list: its cells, each as wide as its column, before them the cursor's `sign` where it is on this
    line, and the `mark` of it.

    There nothing is quiet: it is the line that is read, on a ground that grey is hard to read on, and each change of
    colour is as many bytes as a word.
    """
    cursor = palette.cursor if sign else Style.null()
    parts = [(f"{sign or ' '}{mark or ' '}", palette.styled(Tone.BUSY, cursor))]
    left = width - MARGIN + 1
    for column, cell in zip(columns, drawn, strict=True):
        over = cursor + palette.flash if column.key in lit else cursor
        style = palette.styled(Tone.PLAIN, over)
        for text, tone in cell:
            style = palette.styled(Tone.PLAIN if sign and tone is Tone.QUIET else tone, over)
            parts.append((text, style))
        # The gap in the style of the cell before it makes one run of the two, unless that is lit
        parts.append((" " * GAP, palette.styled(Tone.PLAIN, cursor) if column.key in lit else style))
        left -= column.width + GAP
    parts.append((" " * left, palette.styled(Tone.QUIET, cursor)))
    runs = ((style, "".join([text for text, _ in run])) for style, run in groupby(parts, key=itemgetter(1)))
    return Strip([Segment(text, style) for style, text in runs], width - min(left, 0)).crop(0, width)
