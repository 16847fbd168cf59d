"""Everything about one target, read again whenever its row changes."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import BindingType

from meshtui.errors import MeshError
from meshtui.mesh.rows import Detail, Row
from meshtui.present.cells import paragraph
from meshtui.present.detail import detail_lines
from meshtui.present.pem import pem_lines
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board
from meshtui.tui.keys import bound
from meshtui.tui.screens.paged import Paged
from meshtui.tui.screens.row_screen import RowScreen
from meshtui.tui.screens.verify import VerifyScreen
from meshtui.tui.widgets.row_store import Changes


class DetailScreen(Paged, RowScreen):
    """The page of one target."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("back")]

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("fix", "fix"),
        ("back", "back"),
        ("help", "help"),
        ("down up", "scroll"),
        ("quit", "quit"),
    )

    def __init__(self, board: Board, target: str, above: tuple[str, ...]) -> None:
        super().__init__(board)
        self._target = target
        self._above = above
        self._detail: Detail | None = None
        self._error: MeshError | None = None

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The list, and the target."""
        return (*self._above, self._target)

    @property
    def row(self) -> Row | None:
        """The row of the target, as long as there is one."""
        row = self.board.store.get(self._target)
        # Of a large mesh the console does not have every row
        return self._detail.row if row is None and self._detail is not None and self._error is None else row

    def on_mount(self) -> None:
        """Begin to read."""
        self._read()

    def board_changed(self, changes: Changes) -> None:
        """Read again when the row changed."""
        super().board_changed(changes)
        if any(row is not None and row.target == self._target for pair in changes.rows for row in pair):
            self._read()

    def tick(self) -> None:
        """Show what depends on the time."""
        super().tick()
        self.show_page()

    async def verify(self, row: Row) -> None:
        """Look at every check of the row."""
        await self.open(VerifyScreen(self.board, row.target, self.crumbs))

    def action_back(self) -> None:
        """Back to the list."""
        self.dismiss()

    @work(exclusive=True, group="detail")
    async def _read(self) -> None:
        if self.board.mesh is None:
            return
        try:
            self._detail, self._error = await self.board.mesh.detail(self._target), None
        except MeshError as error:
            self._error = error
            self.refresh_frame()  # its verbs have nothing to act on
        self.show_page()

    def page(self, width: int) -> list[Line]:
        """What is known of it, or why nothing is."""
        glyphs = self.board.glyphs
        lines: list[Line] = []
        if self._error is not None:
            lines += paragraph(glyphs.show(str(self._error)), width, Tone.BAD, first=(Piece(f"{glyphs.broken} "),))
        if self._detail is not None:
            lines += detail_lines(self._detail, self.board.now(), width, glyphs, fix_key=self.board.keymap.shown("fix"))
        elif self._error is None:
            lines.append((Piece(f"{glyphs.busy} reading{glyphs.ellipsis}", Tone.BUSY),))
        return lines

    def below(self, width: int, margin: int) -> list[Line]:
        """Its chain as PEM."""
        return pem_lines(self._detail.chain, width, margin, self.board.glyphs) if self._detail is not None else []
