"""Text beside a list, behind a rule: repainted line by line, since of two rows most lines say the same."""

from __future__ import annotations

from collections.abc import Sequence

from textual.geometry import Region
from textual.strip import Strip

from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.widgets.toned import Toned

MARGIN = 3
"""Cells beside the text: the rule and a space before it, a space behind."""


class Panel(Toned):
    """As many lines as there is room for."""

    def __init__(self, glyphs: Glyphs, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._rule = glyphs.trunk.rstrip()
        self._more = (Piece(glyphs.ellipsis, Tone.QUIET),)
        self._lines: tuple[Line, ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead of the ones before."""
        before, self._lines = self._lines, tuple(lines)
        for y in range(self.size.height):
            if self._line(before, y) != self._line(self._lines, y):
                self.refresh(Region(0, y, self.size.width, 1))

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        line = (Piece(f"{self._rule} ", Tone.QUIET), *self._line(self._lines, y))
        return self.strip_of(line, self.size.width)

    def _line(self, lines: tuple[Line, ...], y: int) -> Line:
        is_cut = y == self.size.height - 1 and y < len(lines) - 1
        return self._more if is_cut else lines[y] if y < len(lines) else ()
