"""What the terminal shows, cell by cell, so that only cells that differ are sent to it.

Textual sends whatever was repainted, and repaints whole screens for much that leaves most of them as they are:
opening a page, closing a dialog, moving the focus. Over SSH that is the difference between a keystroke of 10 kB
and one of a few hundred bytes. Widgets may so repaint as they like; nothing is sent twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rich.console import Console
from textual._compositor import ChopsUpdate, CompositorUpdate, LayoutUpdate
from textual.strip import Strip

from meshtui.tui.differences import Move, cut, moved, runs
from meshtui.tui.pen import Pen


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
            return self._sent({y: Strip.join(strips) for y, strips in enumerate(update.strips)}, Pen(console))
        if isinstance(update, ChopsUpdate) and all(self._known(y) is not None for y, _, _ in update.spans):
            return self._sent(self._overlaid(update), Pen(console))
        self.forget()
        return update.render_segments(console)

    def _known(self, y: int) -> Strip | None:
        return self._lines[y] if y < len(self._lines) else None

    def _sent(self, lines: Mapping[int, Strip], pen: Pen) -> str:
        simple = {y: line.discard_meta().simplify() for y, line in lines.items()}
        changed = {y: line for y, line in simple.items() if line != self._lines[y]}
        move = moved(self._lines, changed)
        begin = "" if move is None else self._move(move, changed)
        return begin + "".join([self._put(y, line, pen) for y, line in changed.items()]) + pen.put_down()

    def _move(self, move: Move, changed: dict[int, Strip]) -> str:
        """Have the terminal move lines, which are to be as they were where nothing else is to be there."""
        top, bottom, up = move
        part = self._lines[top : bottom + 1]
        for y, line in enumerate(part, top):
            assert line is not None  # only what is known is moved
            changed.setdefault(y, line)
        blank = [None] * abs(up)
        self._lines[top : bottom + 1] = [*part[up:], *blank] if up > 0 else [*blank, *part[:up]]
        # index and reverse index, at the edge of the region: every terminal has known them since the VT100
        edge, step = (bottom, "\n") if up > 0 else (top, "\x1bM")
        return f"\x1b[{top + 1};{bottom + 1}r{_at(0, edge)}{step * abs(up)}\x1b[r"

    def _put(self, y: int, line: Strip, pen: Pen) -> str:
        before, self._lines[y] = self._lines[y], line
        if before == line:
            return ""
        if before is None or before.cell_length != line.cell_length or not (_is_narrow(before) and _is_narrow(line)):
            return _at(0, y) + pen.write(line)
        return "".join([_at(start, y) + pen.write(cut(line, start, end)) for start, end in runs(before, line)])

    def _overlaid(self, update: ChopsUpdate) -> dict[int, Strip]:
        """The lines of a partial update as they are with it."""
        lines: dict[int, Strip] = {}
        for y, start, end in update.spans:
            line = lines.get(y) or self._known(y)
            assert line is not None  # asked before
            for x, chop_end, strip in _chops(update, y):
                if x > end or chop_end <= start:
                    continue
                piece = strip.crop(0, min(chop_end, end) - x)
                line = Strip.join([line.crop(0, x), piece, line.crop(x + piece.cell_length)])
            lines[y] = line
        return lines


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


def _at(x: int, y: int) -> str:
    return f"\x1b[{y + 1};{x + 1}H" if x else f"\x1b[{y + 1}H"
