"""The verification of one target, check by check."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import BindingType

from meshtui.errors import MeshError
from meshtui.findings import Verification
from meshtui.mesh.rows import Row
from meshtui.present.cells import paragraph
from meshtui.present.tones import Line, Piece, Tone
from meshtui.present.verification import verification_lines
from meshtui.tui.board import Board, Link
from meshtui.tui.keys import bound
from meshtui.tui.screens.paged import Paged
from meshtui.tui.screens.targeted import Targeted
from meshtui.tui.widgets.row_store import Changes


class VerifyScreen(Paged, Targeted):
    """What was checked, what was seen, and what to do."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("back")]

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("back", "back"),
        ("help", "help"),
        ("down up", "scroll"),
        ("quit", "quit"),
    )

    def __init__(self, board: Board, target: str, above: tuple[str, ...]) -> None:
        super().__init__(board)
        self._target = target
        self._above = above
        self._result: Verification | MeshError | None = None

    @property
    def crumbs(self) -> tuple[str, ...]:
        """What is verified, and that it is."""
        return (*self._above, "verify")

    @property
    def target(self) -> str:
        """What is verified."""
        return self._target

    def board_changed(self, changes: Changes) -> None:
        """Have the row at hand, for the keys that act on it: of a large mesh the console does not have every row."""
        super().board_changed(changes)
        if self.board.link is Link.LIVE:
            self.look_up()

    def on_mount(self) -> None:
        """Begin to verify."""
        self._verify()

    async def verify(self, row: Row) -> None:  # noqa: ARG002 - it is this screen's own
        """Verify once more."""
        self._result = None
        self.show_page()
        self._verify()

    def action_back(self) -> None:
        """Back to where one came from."""
        self.dismiss()

    @work(exclusive=True, group="verify")
    async def _verify(self) -> None:
        if self.board.mesh is None:
            return
        try:
            self._result = await self.board.mesh.verify(self._target)
        except MeshError as error:
            self._result = error
        self.show_page()

    def page(self, width: int) -> list[Line]:
        """Every check, or that the wire is being asked."""
        glyphs = self.board.glyphs
        if self._result is None:
            lines: list[Line] = [(Piece(f"{glyphs.busy} asking the wire{glyphs.ellipsis}", Tone.BUSY),)]
        elif isinstance(self._result, MeshError):
            first = (Piece(f"{glyphs.broken} ", Tone.BAD),)
            lines = paragraph(glyphs.show(str(self._result)), width, Tone.BAD, first=first)
        else:
            lines = verification_lines(self._result, width, glyphs)
        return lines
