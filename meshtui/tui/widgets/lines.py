"""A few lines that are set as a whole: header, footer, status, summary."""

from __future__ import annotations

from collections.abc import Sequence

from textual.strip import Strip

from meshtui.present.tones import Line
from meshtui.tui.widgets.toned import Toned


class Lines(Toned):
    """Fixed lines, painted when they change. It grows and shrinks with their number."""

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
        if before != self._lines:
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        line = self._lines[y] if y < len(self._lines) else ()
        return self.strip_of(line, self.size.width)
