"""A screen about one row of certificates: the keys that act on it."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import BindingType

from meshtui.errors import MeshError, UnreachableError
from meshtui.mesh.actions import Issue, Rotate, Undo
from meshtui.mesh.rows import Row
from meshtui.present.tones import Line
from meshtui.tui.board import Board, Told
from meshtui.tui.keys import bound
from meshtui.tui.messages import Failed
from meshtui.tui.screens.copying import CopyingRows
from meshtui.tui.verbs import footer_line, reason_for_none, verbs


def why_protected(board: Board) -> str:
    """What to add to a refusal where this person's settings are behind it; nothing where they are not."""
    if not (board.guard and board.protected):
        return ""
    return " config.toml protects this mesh; meshtui --write changes it all the same."


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
        return next((verb.reason for verb in verbs(self.row, self.board) if verb.name == action), "")

    def rows_to_copy(self) -> tuple[Row, ...]:
        """The row."""
        return (self.row,) if self.row is not None else ()

    def action_issue(self) -> None:
        """Plan an issue for the row."""
        if row := self._ready("issue"):
            self._plan(Issue(targets=(row.target,)))

    def action_rotate(self) -> None:
        """Plan a rotation of the row."""
        if row := self._ready("rotate"):
            self._plan(Rotate(targets=(row.target,)))

    def action_undo(self) -> None:
        """Plan to bring back the certificate before."""
        if row := self._ready("undo"):
            self._plan(Undo(target=row.target))

    def action_fix(self) -> None:
        """Plan what ends the worst finding about the row, if one action does."""
        if self.row is not None:
            self._fix(self.row.target)

    @work(exclusive=True, group="plan")
    async def _fix(self, target: str) -> None:
        from meshtui.mesh.remedy import remedy  # noqa: PLC0415 - a start need not wait for it

        self.say(Told("planning"))
        try:
            if self.board.mesh is None:
                raise UnreachableError("There is no mesh to ask.")
            findings = (await self.board.mesh.detail(target)).findings
        except MeshError as error:
            self.app.post_message(Failed(error, about=target))
            return
        found = remedy(findings)
        self.say(None)
        if found is not None:
            if self._ready(type(found.action).__name__.lower()):
                self._plan(found.action)
        elif findings:
            self.say(Told(f"No key ends this: {findings[0].text} {findings[0].fix}", wrong=True, about=target))
        else:
            self.say(Told("Nothing is found to be wrong here.", about=target))

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

    def _ready(self, name: str) -> Row | None:
        """The row, if the verb works on it; else say why it does not."""
        reason = next(verb.reason for verb in verbs(self.row, self.board) if verb.name == name)
        if reason:
            about = self.row.target if self.row else ""
            text = f"{name} does not work here: {reason}.{why_protected(self.board)}"
            self.say(Told(text, wrong=True, about=about))
            return None
        return self.row

    @work(exclusive=True, group="plan")
    async def _plan(self, action: Issue | Rotate | Undo) -> None:
        """Ask the mesh for a plan, and show it to the person, who may confirm it."""
        from meshtui.tui.screens.plan import PlanDialog  # noqa: PLC0415 - a start need not wait for it

        self.say(Told("planning"))
        try:
            if self.board.mesh is None:
                raise UnreachableError("There is no mesh to ask.")
            plan = await self.board.mesh.plan(action)
        except MeshError as error:
            self.app.post_message(Failed(error, about=self.row.target if self.row else ""))
            return
        self.say(None)
        await self.open(PlanDialog(plan, self.board))
