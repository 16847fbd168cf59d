"""What the terminal shows, cell by cell, so that only cells that differ are sent to it.

Textual sends whatever was repainted, and repaints whole screens for much that leaves most of them as they are:
opening a page, closing a dialog, moving the focus. Over SSH that is the difference between a keystroke of 10 kB
and one of a few hundred bytes. Widgets may so repaint as they like; nothing is sent twice.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import takewhile

from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from meshtui.tui.pen import Pen

APART = 6
"""Cells that stay the same between two that change, from which moving there is shorter than writing over them."""


class Frame:
    """The lines of one terminal as they were sent last; None where that is not known."""

    def __init__(self) -> None:
        self._lines: list[Strip | None] = []

    @property
    def is_blank(self) -> bool:
        """Whether nothing is known of what the terminal shows."""
        return not self._lines

    def forget(self) -> None:
        """The terminal may show anything: send everything with the next full update."""
        self._lines = []

    def delta(self, update: CompositorUpdate, console: Console) -> str:
        """What to send so that the terminal shows the update, and remember that it does."""
        if isinstance(update, LayoutUpdate) and not update.region.offset:
            if len(update.strips) != len(self._lines):
                self._lines = [None] * len(update.strips)
            return self._sent(((y, Strip.join(strips)) for y, strips in enumerate(update.strips)), Pen(console))
        if isinstance(update, ChopsUpdate) and all(self._known(y) is not None for y, _, _ in update.spans):
            return self._sent(self._overlaid(update), Pen(console))
        self.forget()
        return update.render_segments(console)

    def _known(self, y: int) -> Strip | None:
        return self._lines[y] if y < len(self._lines) else None

    def _sent(self, lines: Iterable[tuple[int, Strip]], pen: Pen) -> str:
        return "".join([self._put(y, line, pen) for y, line in lines]) + pen.put_down()

    def _put(self, y: int, line: Strip, pen: Pen) -> str:
        line = line.discard_meta().simplify()
        before, self._lines[y] = self._lines[y], line
        if before == line:
            return ""
        if before is None or before.cell_length != line.cell_length or not (_is_narrow(before) and _is_narrow(line)):
            return _at(0, y) + pen.write(line)
        return "".join([_at(start, y) + pen.write(line.crop(start, end)) for start, end in _runs(before, line)])

    def _overlaid(self, update: ChopsUpdate) -> Iterator[tuple[int, Strip]]:
        """The lines of a partial update as they are with it."""
        for y, start, end in update.spans:
            line = self._known(y)
            assert line is not None  # asked before
            for x, chop_end, strip in _chops(update, y):
                if x > end or chop_end <= start:
                    continue
                piece = strip.crop(0, min(chop_end, end) - x)
                line = Strip.join([line.crop(0, x), piece, line.crop(x + piece.cell_length)])
            yield y, line


class Delta(CompositorUpdate):
    """An update that is sent as the difference to what the terminal shows."""

    def __init__(self, frame: Frame, update: CompositorUpdate) -> None:
        self._frame = frame
        self._update = update

    def render_segments(self, console: Console) -> str:
        """The difference, for the terminal."""
        return self._frame.delta(self._update, console)


def _chops(update: ChopsUpdate, y: int) -> Iterator[tuple[int, int, Strip]]:
    """Start, end and content of the pieces of a line that were rendered."""
    for end, (x, strip) in zip(update.chop_ends[y], update.chops[y].items(), strict=False):
        if strip is not None:
            yield x, end, strip


def _is_narrow(line: Strip) -> bool:
    """Whether every character takes one cell, so that cells can be counted by characters."""
    return len(line.text) == line.cell_length


def _runs(before: Strip, after: Strip) -> Iterator[tuple[int, int]]:
    """Start and end of the stretches in which two lines of the same length differ."""
    old_segments, new_segments = list(before), list(after)
    # What is the same on both sides is most of a line; comparing its cells would take longer than drawing it
    while old_segments and new_segments and old_segments[-1] == new_segments[-1]:
        del old_segments[-1], new_segments[-1]
    alike = takewhile(lambda pair: pair[0] == pair[1], zip(old_segments, new_segments, strict=False))
    same = [segment for segment, _ in alike]
    cells = zip(_cells(old_segments[len(same) :]), _cells(new_segments[len(same) :]), strict=True)
    start = end = -1
    for place, (old, new) in enumerate(cells, sum(len(segment.text) for segment in same)):
        if old == new:
            continue
        if start >= 0 and place - end >= APART:
            yield start, end
            start = -1
        start, end = (place if start < 0 else start), place + 1
    if start >= 0:
        yield start, end


def _cells(segments: list[Segment]) -> Iterator[tuple[str, object]]:
    """Each character, and what of its style can be seen."""
    for text, style, _ in segments:
        blank = _seen_of_blank(style)
        for character in text:
            yield character, blank if character == " " else style


@lru_cache(maxsize=1024)
def _seen_of_blank(style: Style | None) -> object:
    """The ground alone, unless a line goes through it or it is the colour of letters."""
    if style is None:
        return None
    lined = style.underline or style.underline2 or style.overline or style.strike
    return style if lined or style.reverse else style.bgcolor


def _at(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
