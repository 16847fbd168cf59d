"""A few lines that are set as a whole and repainted one by one: header, footer, status, summary."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest

from textual.strip import Strip

from meshtui.present.tones import Line
from meshtui.tui.widgets.toned import Toned


class Lines(Toned):
    """Fixed lines. Only those that changed are painted again; it grows and shrinks with their number."""

    def __init__(self, *, id: str, at_least: int = 1) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._at_least = at_least
        self._lines: tuple[Line, ...] = ()
        self.styles.height = at_least

    @property
    def lines(self) -> tuple[Line, ...]:
        """What is shown."""
        return self._lines

    def show(self, lines: Sequence[Line]) -> None:
        """Show these lines instead of the ones before."""
        before, self._lines = self._lines, tuple(lines)
        height = max(len(self._lines), self._at_least)
        if height != max(len(before), self._at_least):
            self.styles.height = height
            self.refresh()
            return
        for y, (old, new) in enumerate(zip_longest(before, self._lines, fillvalue=())):
            self.refresh_cells(y, old, new)

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        line = self._lines[y] if y < len(self._lines) else ()
        return self.strip_of(line, self.size.width)
