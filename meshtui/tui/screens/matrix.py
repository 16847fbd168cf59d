"""Who can call whom: the whole mesh in one picture, and the reason of each cell one key away."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from meshtui.errors import MeshError
from meshtui.mesh.access import AccessQuestion, Matrix
from meshtui.mesh.interface import Mesh
from meshtui.present.cells import fit_line, line_width
from meshtui.present.matrix import cell_summary, legend
from meshtui.present.matrix_page import matrix_lines
from meshtui.present.saved import matrix_as_csv, matrix_as_json
from meshtui.present.tones import Line, Piece, Tone, plain
from meshtui.tui.asking import explained
from meshtui.tui.board import Board, Told
from meshtui.tui.keys import bound
from meshtui.tui.screens.copying import Copying
from meshtui.tui.screens.fetching import Fetching
from meshtui.tui.screens.page import PageScreen
from meshtui.tui.screens.saving import Saving
from meshtui.tui.widgets.lines import Lines
from meshtui.tui.widgets.matrix_grid import MatrixGrid

_WIDTH = 200
"""Cells of a line of text that leaves the screen."""


class MatrixScreen(Saving, Copying, Fetching):
    """The matrix of all workloads."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("back")]

    KINDS: ClassVar[tuple[str, ...]] = ("csv", "json", "txt", "svg")

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("open", "explain"),
        ("left down up right", "move"),
        ("back", "back"),
        ("help", "help"),
        ("quit", "quit"),
    )

    def __init__(self, board: Board, above: tuple[str, ...]) -> None:
        super().__init__(board)
        self._above = above
        self._grid = MatrixGrid(board.glyphs, id="grid")

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The way here."""
        return (*self._above, "who can call whom")

    def body(self) -> ComposeResult:
        """The grid, and why its cell under the cursor is what it is."""
        yield self._grid
        yield Lines(id="summary")

    def on_resize(self, event: events.Resize) -> None:
        """Use the new width."""
        self._show_summary(event.size.width)

    def action_back(self) -> None:
        """Back to the policies."""
        self.dismiss()

    async def fetch(self, mesh: Mesh) -> Matrix:
        """All of it."""
        return await mesh.matrix()

    def fetched(self, content: Matrix) -> None:
        """Show what is so now."""
        if not content.destinations:
            self.say(Told("No workload of this mesh has a proxy that could enforce a policy."))
        self._grid.show(content)
        self._show_summary(self.size.width)

    def missed(self, error: MeshError) -> None:
        """Say why it cannot be shown."""
        self.board.say(error)
        self.refresh_frame()

    def on_matrix_grid_moved(self) -> None:
        """Another cell is under the cursor."""
        self._show_summary(self.size.width)

    async def on_matrix_grid_opened(self, message: MatrixGrid.Opened) -> None:
        """Explain a cell."""
        cell = message.cell
        question = AccessQuestion(source=cell.source, destination=cell.destination)
        await self.open(PageScreen(self.board, (*self.crumbs, "explain"), explained(question)))

    # What is taken away.

    def copied(self) -> tuple[tuple[str, str], ...]:
        """What the cell under the cursor says, then the whole matrix."""
        cell = self._grid.selected
        if cell is None:
            return ()
        lines = cell_summary(cell, self.board.now(), _WIDTH, self.board.glyphs)
        said = "\n".join(plain(line).strip() for line in lines)
        return ("what is said of it", said), ("the matrix", self._text())

    async def draw(self, kind: str) -> str | None:
        """All of the matrix; a picture is of what is in sight."""
        if kind == "csv":
            return matrix_as_csv(self._grid.matrix)
        if kind == "json":
            return matrix_as_json(self._grid.matrix, self.board.now())
        return self._text() if kind == "txt" else None

    def _text(self) -> str:
        lines = matrix_lines(self._grid.matrix, _WIDTH, self.board.glyphs)
        return "".join(f"{plain(line).rstrip()}\n" for line in lines)

    def _show_summary(self, width: int) -> None:
        glyphs, cell = self.board.glyphs, self._grid.selected
        lines: list[Line] = [(), ()]
        if cell is not None:
            lines = [(Piece(" "), *line) for line in cell_summary(cell, self.board.now(), width - 2, glyphs)]
        left, right = self._grid.hidden
        more = (Piece(f"{left} to the left, {right} to the right" if left or right else "", Tone.QUIET),)
        signs = (Piece(" "), *legend(glyphs))
        signs = fit_line(signs, max(width - line_width(more) - 1, 0))
        rule = (Piece(glyphs.rule * width, Tone.QUIET),)
        self.lines("summary").show([rule, *lines, (*signs, *more)])
