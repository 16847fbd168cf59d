"""A screen about one row of certificates: the keys that act on it."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import BindingType

from meshtui.mesh.actions import Issue, Rotate, Undo
from meshtui.mesh.rows import Row
from meshtui.present.tones import Line
from meshtui.tui.board import Told
from meshtui.tui.keys import bound
from meshtui.tui.planning import action_of, propose, propose_fix, refusal
from meshtui.tui.screens.copying import CopyingRows
from meshtui.tui.verbs import footer_line, reason_for_none, verbs


class RowScreen(CopyingRows):
    """Issue, rotate, undo, verify, who may call whom, and copying."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("issue"),
        bound("rotate"),
        bound("fix"),
        bound("undo"),
        bound("verify"),
        bound("reach"),
    ]

    @property
    def row(self) -> Row | None:
        """What the verbs act on."""
        raise NotImplementedError

    def keys(self, width: int) -> Line:
        """The verbs as they stand for this row, and keys that always work."""
        return footer_line(self.row, self.board, self.footer, width)

    def why_not(self, action: str) -> str:
        """Why a verb does not work on the row."""
        if action == "reach":
            return reason_for_none(self.row)
        known = {verb.name: verb.reason for verb in verbs(self.row, self.board)}
        return known[action] if action in known else super().why_not(action)

    def rows_to_copy(self) -> tuple[Row, ...]:
        """The row."""
        return (self.row,) if self.row is not None else ()

    def action_issue(self) -> None:
        """Plan an issue for the row."""
        self._act("issue")

    def action_rotate(self) -> None:
        """Plan a rotation of the row."""
        self._act("rotate")

    def action_undo(self) -> None:
        """Plan to bring back the certificate before."""
        self._act("undo")

    def action_fix(self) -> None:
        """Plan what ends the worst finding about the row, if one action does."""
        if self.row is not None:
            self._fix(self.row)

    @work(exclusive=True, group="plan")
    async def _fix(self, row: Row) -> None:
        await propose_fix(self, row)

    async def action_verify(self) -> None:
        """Look at every check of the row."""
        if row := self._ready("verify"):
            await self.verify(row)

    async def verify(self, row: Row) -> None:
        """Show a verification of the row."""
        raise NotImplementedError

    async def action_reach(self) -> None:
        """Show who may call the workload of this row, and whom it may call."""
        row = self.row
        if reason := reason_for_none(row):
            self.say(Told(f"Calls cannot be explained here: {reason}.", wrong=True))
        elif row is not None:
            from meshtui.tui.screens.reach import ReachScreen  # noqa: PLC0415 - a start need not wait for it

            await self.open(ReachScreen(self.board, row.target, self.crumbs))

    def _ready(self, verb: str) -> Row | None:
        """The row, if the verb works on it; else say why it does not."""
        if refused := refusal(verb, self.row, self.board):
            self.say(refused)
            return None
        return self.row

    def _act(self, verb: str) -> None:
        if row := self._ready(verb):
            self._plan(action_of(verb, row), row.target)

    @work(exclusive=True, group="plan")
    async def _plan(self, action: Issue | Rotate | Undo, about: str) -> None:
        await propose(self, action, about)
