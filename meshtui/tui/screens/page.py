"""A page about one thing that is no certificate: a policy, a pair of callers, an entry of the audit, an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType

from meshtui.errors import MeshError
from meshtui.mesh.interface import Mesh
from meshtui.present.cells import paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board
from meshtui.tui.keys import bound
from meshtui.tui.screens.fetching import Fetching
from meshtui.tui.widgets.document import Document

MARGIN = 1
"""Cells on either side of the page."""

Drawing = Callable[[datetime, int, Glyphs], Sequence[Line]]
"""The lines of a page, now, in a width, in these signs."""

Load = Callable[[Mesh], Awaitable[Drawing]]
"""What is asked of the mesh for a page."""


class PageScreen(Fetching):
    """A page, read again whenever the mesh says that something is different."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("back")]

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("back", "back"),
        ("help", "help"),
        ("down up", "scroll"),
        ("quit", "quit"),
    )

    def __init__(self, board: Board, crumbs: tuple[str, ...], load: Load) -> None:
        super().__init__(board)
        self._crumbs = crumbs
        self._load = load
        self._drawing: Drawing | None = None
        self._error: MeshError | None = None

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The way here."""
        return self._crumbs

    def body(self) -> ComposeResult:
        """The page."""
        yield Document(self._page, id="page")

    def tick(self) -> None:
        """Show what depends on the time."""
        super().tick()
        self._show()

    def action_back(self) -> None:
        """Back to where one came from."""
        self.dismiss()

    async def fetch(self, mesh: Mesh) -> Drawing:
        """What the page is drawn from."""
        return await self._load(mesh)

    def fetched(self, content: Drawing) -> None:
        """Show what is so now."""
        self._drawing, self._error = content, None
        self._show()

    def missed(self, error: MeshError) -> None:
        """Say why it cannot be shown."""
        self._error = error
        self._show()

    def _show(self) -> None:
        self.query_one("#page", Document).show()

    def _page(self, width: int) -> list[Line]:
        glyphs, inner = self.board.glyphs, width - 2 * MARGIN
        lines: list[Line] = []
        if self._error is not None:
            lines += paragraph(glyphs.show(str(self._error)), inner, Tone.BAD, first=(Piece(f"{glyphs.broken} "),))
        if self._drawing is not None:
            lines += self._drawing(self.board.now(), inner, glyphs)
        elif self._error is None:
            lines.append((Piece(f"{glyphs.busy} reading{glyphs.ellipsis}", Tone.BUSY),))
        return [(Piece(" " * MARGIN), *line) for line in lines]
