"""The verbs on all marked rows at once; while none is marked, on the row under the cursor."""

from __future__ import annotations

from collections.abc import Sequence

from textual import work

from meshtui.errors import MeshError
from meshtui.mesh.marking import rows_of
from meshtui.mesh.rows import Row
from meshtui.present.times import counted
from meshtui.present.tones import Line
from meshtui.tui.board import Told
from meshtui.tui.messages import Failed
from meshtui.tui.planning import why_protected
from meshtui.tui.screens.marking import Marking
from meshtui.tui.verbs import Verb, marked_line, marked_verbs, reason_not

GONE = "it is gone"


class Batching(Marking):
    """A list with verbs that work on marked rows."""

    _verbs: tuple[Verb, ...] = ()
    _verbs_as_of: tuple[object, ...] = ()
    """What they were made from: with thousands of marks, that is not done for each key."""

    def keys(self, width: int) -> Line:
        """The verbs as they stand for the marked rows, if there are any."""
        board, marked = self.board, self.board.marked
        if not marked:
            return super().keys(width)
        now = (marked.changes, board.mesh, board.link, board.info)
        if now != self._verbs_as_of:
            self._verbs, self._verbs_as_of = marked_verbs(tuple(marked), board), now
        return marked_line(len(marked), self._verbs, board, width)

    def why_not(self, action: str) -> str:
        """Why a verb does not work on any of the marked rows, or on the row."""
        if not self.board.marked:
            return super().why_not(action)
        return next((verb.reason for verb in self._verbs if verb.name == action), "")

    def action_issue(self) -> None:
        """Plan an issue for the marked rows, or the one under the cursor."""
        if not self._takes_marked("issue"):
            super().action_issue()

    def action_rotate(self) -> None:
        """Plan a rotation of the marked rows, or of the one under the cursor."""
        if not self._takes_marked("rotate"):
            super().action_rotate()

    def action_undo(self) -> None:
        """Plan to bring back the certificates before of the marked rows, or of the one under the cursor."""
        if not self._takes_marked("undo"):
            super().action_undo()

    async def action_verify(self) -> None:
        """Look at every check of the row under the cursor, or at how each of the marked rows fares."""
        if self._waits():
            return
        if not self.board.marked:
            await super().action_verify()
            return
        from meshtui.tui.screens.verify_marked import VerifyMarkedScreen  # noqa: PLC0415 - a start need not wait for it

        await self.open(VerifyMarkedScreen(self.board, self.board.marked.targets, self.crumbs))

    def _takes_marked(self, verb: str) -> bool:
        """Plan a verb for the marked rows, if there are any, or will be."""
        if self._waits():
            return True
        if self.board.marked:
            self._plan_marked(verb)
        return bool(self.board.marked)

    def _waits(self) -> bool:
        """Whether rows are still being marked: the person means those, so that nothing is done to others."""
        if self.is_marking:
            self.say(Told("Rows are still being marked; press it again when they are.", wrong=True))
        return self.is_marking

    @work(exclusive=True, group="plan")
    async def _plan_marked(self, verb: str) -> None:
        """Ask the mesh for one plan of all of them, and show it to the person, who may confirm it."""
        from meshtui.mesh.batch import Batch, canary_first, plan_for  # noqa: PLC0415 - a start need not wait for these
        from meshtui.tui.screens.batch import BatchDialog  # noqa: PLC0415

        self.say(Told("planning"))
        targets = self.board.marked.targets
        try:
            mesh = self.board.the_mesh()
            rows = await rows_of(mesh, targets)
            self.board.marked.renew(targets, rows)
            able, left_out = self._able(verb, targets, rows)
            if not able:
                self._say_none(verb, left_out)
                return
            plan = await plan_for(mesh, verb, canary_first(able))
        except MeshError as error:
            self.app.post_message(Failed(error, about=""))
            return
        self.say(None)
        await self.open(BatchDialog(Batch(verb, plan, left_out), self.board))

    def _able(
        self, verb: str, targets: Sequence[str], rows: Sequence[Row]
    ) -> tuple[list[Row], tuple[tuple[str, str], ...]]:
        """The marked rows, as they are now, on which a verb works, and the other targets, each with the reason."""
        now = {row.target: row for row in rows}
        able, others = [], []
        for target in targets:
            row = now.get(target)
            reason = GONE if row is None else reason_not(verb, row, self.board)
            if row is None or reason:
                others.append((target, reason))
            else:
                able.append(row)
        return able, tuple(others)

    def _say_none(self, verb: str, left_out: tuple[tuple[str, str], ...]) -> None:
        reasons = ", ".join(dict.fromkeys(reason for _, reason in left_out))
        text = f"{verb} works on none of the {counted(len(left_out))} that are marked: {reasons}."
        self.say(Told(text + why_protected(self.board), wrong=True))
