"""A screen whose cursor is on something that is about a target: the keys of rows act on that one's row."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual import work

from meshtui.errors import MeshError, UsageError
from meshtui.findings import Finding
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Row
from meshtui.mesh.targets import has_target_form
from meshtui.present.findings import finding_page
from meshtui.tui.board import Board, Told
from meshtui.tui.screens.row_screen import RowScreen
from meshtui.tui.widgets.row_store import Changes

if TYPE_CHECKING:
    from meshtui.tui.screens.page import Drawing, Load


class Targeted(RowScreen):
    """Rows that the console does not have are asked for, one at a time."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self._asked_for: dict[str, Row | None] = {}
        """By their targets, as of the last change: None where there is no such row."""

    @property
    def target(self) -> str:
        """What the cursor's thing is about; empty where that is no target."""
        raise NotImplementedError

    @property
    def row(self) -> Row | None:
        """The row of the target, as far as it is known."""
        return self.row_of(self.target)

    def row_of(self, target: str) -> Row | None:
        """The row of any target, as far as it is known."""
        return self.board.store.get(target) or self._asked_for.get(target)

    def board_changed(self, changes: Changes) -> None:
        """What was asked for may be different now."""
        for before, now in changes.rows:
            row = now or before
            if row is not None and row.target in self._asked_for:
                self._asked_for[row.target] = now
        super().board_changed(changes)

    def look_up(self) -> None:
        """Have the row of the target at hand."""
        target = self.target
        if target and self.board.mesh is not None and self.row is None and target not in self._asked_for:
            self._look_up(target)

    @work(exclusive=True, group="row")
    async def _look_up(self, target: str) -> None:
        assert self.board.mesh is not None  # asked before
        try:
            self._asked_for[target] = (await self.board.mesh.detail(target)).row
        except UsageError:
            self._asked_for[target] = None
        except MeshError:
            return  # the status line has said so already, or the next change asks again
        self.refresh_frame()

    async def open_about(self, target: str, finding: Finding | None = None) -> None:
        """Show everything about a target; of what is about none, the finding."""
        if has_target_form(target):
            from meshtui.tui.screens.detail import DetailScreen  # noqa: PLC0415 - a start need not wait for it

            await self.open(DetailScreen(self.board, target, self.crumbs))
        elif finding is not None:
            from meshtui.tui.screens.page import PageScreen  # noqa: PLC0415 - a start need not wait for it

            await self.open(PageScreen(self.board, (*self.crumbs, finding.code), _page(finding)))

    async def verify(self, row: Row) -> None:
        """Look at every check of the row."""
        from meshtui.tui.screens.verify import VerifyScreen  # noqa: PLC0415 - a start need not wait for it

        await self.open(VerifyScreen(self.board, row.target, (*self.crumbs, row.target)))

    def moved(self) -> None:
        """The cursor is on something else: what was said of the last one is over."""
        if isinstance(self.board.said, Told) and self.board.said.about is not None:
            self.board.said = None
        self.look_up()
        self.refresh_frame()


def _page(finding: Finding) -> Load:
    async def load(_mesh: Mesh) -> Drawing:
        return lambda _now, width, glyphs: finding_page(finding, width, glyphs)

    return load
