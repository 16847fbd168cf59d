"""A page about one thing that is no certificate: a policy, a pair of callers, an entry of the audit, an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import ClassVar

from textual.binding import BindingType

from meshtui.errors import MeshError
from meshtui.mesh.interface import Mesh
from meshtui.present.cells import paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board
from meshtui.tui.keys import bound
from meshtui.tui.screens.fetching import Fetching
from meshtui.tui.screens.paged import Paged

Drawing = Callable[[datetime, int, Glyphs], Sequence[Line]]
"""The lines of a page, now, in a width, in these signs."""

Load = Callable[[Mesh], Awaitable[Drawing]]
"""What is asked of the mesh for a page."""


class PageScreen(Paged, Fetching):
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

    def tick(self) -> None:
        """Show what depends on the time."""
        super().tick()
        self.show_page()

    def action_back(self) -> None:
        """Back to where one came from."""
        self.dismiss()

    async def fetch(self, mesh: Mesh) -> Drawing:
        """What the page is drawn from."""
        return await self._load(mesh)

    def fetched(self, content: Drawing) -> None:
        """Show what is so now."""
        self._drawing, self._error = content, None
        self.show_page()

    def missed(self, error: MeshError) -> None:
        """Say why it cannot be shown."""
        self._error = error
        self.show_page()

    def page(self, width: int) -> list[Line]:
        """What is known of it, or why nothing is."""
        glyphs = self.board.glyphs
        lines: list[Line] = []
        if self._error is not None:
            lines += paragraph(glyphs.show(str(self._error)), width, Tone.BAD, first=(Piece(f"{glyphs.broken} "),))
        if self._drawing is not None:
            lines += self._drawing(self.board.now(), width, glyphs)
        elif self._error is None:
            lines.append((Piece(f"{glyphs.busy} reading{glyphs.ellipsis}", Tone.BUSY),))
        return lines
