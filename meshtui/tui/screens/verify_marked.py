"""How each of the marked rows fares when it is verified, a line or two of each as its answer arrives."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import BindingType

from meshtui.errors import MeshError
from meshtui.findings import Verification
from meshtui.operations import side_by_side
from meshtui.present.fared import fared_lines
from meshtui.present.tones import Line
from meshtui.tui.board import Board
from meshtui.tui.keys import bound
from meshtui.tui.screens.paged import Paged

AT_ONCE = 4
"""Verifications under way; each asks the wire."""
PACE = 0.25
"""Seconds between two pages."""


class VerifyMarkedScreen(Paged):
    """One verification after the other; those that fail are told first."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("back")]

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("back", "back"),
        ("help", "help"),
        ("down up", "scroll"),
        ("quit", "quit"),
    )

    def __init__(self, board: Board, targets: tuple[str, ...], above: tuple[str, ...]) -> None:
        super().__init__(board)
        self._targets = targets
        self._above = above
        self._results: dict[str, Verification | MeshError] = {}
        self._is_behind = False
        """Whether something came that is not shown yet."""
        self._rests = False
        """Whether it is shown in a moment, and not at once."""

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The list, and what is done to the marked of it."""
        return (*self._above, "verify")

    @property
    def count(self) -> str:
        """How many have answered."""
        return f"{len(self._results)} of {len(self._targets)}"

    def on_mount(self) -> None:
        """Begin."""
        self._verify_all()

    def action_back(self) -> None:
        """Back to the list; what has not been asked is not asked any more."""
        self.dismiss()

    @work(exclusive=True, group="verify")
    async def _verify_all(self) -> None:
        if self.board.mesh is not None:
            await side_by_side(self._verify_one, self._targets, at_once=AT_ONCE)

    async def _verify_one(self, target: str) -> None:
        assert self.board.mesh is not None  # asked before
        try:
            self._results[target] = await self.board.mesh.verify(target)
        except MeshError as error:
            self._results[target] = error
        self._is_behind = True
        if not self._rests:
            self._catch_up()

    def _catch_up(self) -> None:
        """Show what came since, and then nothing for a moment: with thousands of marks a page is long."""
        self._rests = self._is_behind
        if self._is_behind:
            self._is_behind = False
            self.show_page()
            self.refresh_frame()
            self.set_timer(PACE, self._catch_up)

    def page(self, width: int) -> list[Line]:
        """How each of them fares."""
        return fared_lines(self._targets, self._results, width, self.board.glyphs)
