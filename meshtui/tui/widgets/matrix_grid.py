"""Who can call whom, with a cursor that moves in both directions; wide ones scroll sideways, the names stay."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from meshtui.mesh.access import Matrix, MatrixCell
from meshtui.present.glyphs import Glyphs
from meshtui.present.matrix import Grid, Layout, cell_line, heading, source_name
from meshtui.present.tones import Piece
from meshtui.tui.keys import MOVE, bound
from meshtui.tui.widgets.toned import Toned

_HEADING = 2
"""Lines above the first source."""
_MARGIN = 1


class MatrixGrid(Toned, can_focus=True, inherit_bindings=False):
    """A line for each source, a column for each destination."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("down", "move(1, 0)"),
        bound("up", "move(-1, 0)"),
        bound("left", "move(0, -1)"),
        bound("right", "move(0, 1)"),
        Binding("g", "edge(-1, 0)", "first source, last source", group=MOVE),
        Binding("G", "edge(1, 0)", "first source, last source", group=MOVE),
        Binding("home", "edge(0, -1)", "first, last destination", group=MOVE),
        Binding("end", "edge(0, 1)", "first, last destination", group=MOVE),
        bound("open", text="explain it"),
    ]

    class Moved(Message):
        """The cursor is on another cell now."""

    @dataclass
    class Opened(Message):
        """A cell is to be explained."""

        cell: MatrixCell

    def __init__(self, glyphs: Glyphs, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._glyphs = glyphs
        self._grid = Grid(Matrix(sources=(), destinations=(), cells=()))
        self._layout = Layout(0, 1, 1)
        self._row = self._column = 0
        self._top = self._left = 0

    @property
    def matrix(self) -> Matrix:
        """All of it."""
        return self._grid.matrix

    @property
    def selected(self) -> MatrixCell | None:
        """The cell under the cursor."""
        return self._grid.at(self._row, self._column)

    @property
    def hidden(self) -> tuple[int, int]:
        """How many destinations are out of view on the left, and on the right."""
        return self._left, max(len(self._grid.matrix.destinations) - self._left - self._layout.shown, 0)

    def show(self, matrix: Matrix) -> None:
        """Show this matrix; the cursor stays on its two ends as long as they are there."""
        before = self.selected
        if matrix == self._grid.matrix:
            return
        self._grid = Grid(matrix)
        if before is not None and before.source in matrix.sources:
            self._row = matrix.sources.index(before.source)
        if before is not None and before.destination in matrix.destinations:
            self._column = matrix.destinations.index(before.destination)
        self._arrange()
        self.post_message(self.Moved())

    def on_resize(self, _event: events.Resize) -> None:
        """Spread it over the new width."""
        self._arrange()
        self.post_message(self.Moved())

    def render_line(self, y: int) -> Strip:
        """Draw one line: two of the heading, then the sources."""
        margin, width = (Piece(" " * _MARGIN),), self.size.width
        if not self._grid.matrix.sources:
            return self.strip_of((), width)
        if y < _HEADING:
            return self.strip_of((*margin, *heading(self._grid, self._layout, self._left, self._glyphs)[y]), width)
        row = y - _HEADING + self._top
        if row >= len(self._grid.matrix.sources):
            return self.strip_of((), width)
        name = source_name(self._grid, row, self._layout, self._glyphs)
        strips = [self.strip_of((*margin, *name), _MARGIN + self._layout.label + 2, self._over(row, None))]
        for column in range(self._left, min(self._left + self._layout.shown, len(self._grid.matrix.destinations))):
            sign, gap = cell_line(self._grid.at(row, column), self._layout, self._glyphs)
            strips.append(self.strip_of((sign,), self._layout.column - 1, self._over(row, column)))
            strips.append(self.strip_of((gap,), 1))
        return Strip.join([*strips, self.strip_of((), width)]).crop(0, width).simplify()

    def _over(self, row: int, column: int | None) -> Style:
        """The cursor's style on its cell, and on the name of its line."""
        is_here = row == self._row and column in (None, self._column)
        return self.palette.cursor if is_here else Style.null()

    def action_move(self, down: int, right: int) -> None:
        """Move the cursor by cells."""
        self._go(self._row + down, self._column + right)

    def action_edge(self, down: int, right: int) -> None:
        """Move the cursor to an end of its line or column."""
        matrix = self._grid.matrix
        row = self._row if not down else 0 if down < 0 else len(matrix.sources) - 1
        column = self._column if not right else 0 if right < 0 else len(matrix.destinations) - 1
        self._go(row, column)

    def action_open(self) -> None:
        """Ask why."""
        if self.selected is not None:
            self.post_message(self.Opened(self.selected))

    def _go(self, row: int, column: int) -> None:
        self._row, self._column = row, column
        self._arrange()
        self.post_message(self.Moved())

    def _arrange(self) -> None:
        """Keep the cursor inside, and in view."""
        matrix = self._grid.matrix
        self._row = min(max(self._row, 0), max(len(matrix.sources) - 1, 0))
        self._column = min(max(self._column, 0), max(len(matrix.destinations) - 1, 0))
        self._layout = self._grid.layout(self.size.width - 2 * _MARGIN)
        height = max(self.size.height - _HEADING, 1)
        self._top = min(max(self._top, self._row - height + 1), self._row)
        self._left = min(max(self._left, self._column - self._layout.shown + 1), self._column)
        self._left = max(min(self._left, len(matrix.destinations) - self._layout.shown), 0)
        self.refresh()
