"""Marks on rows of a list, and the verbs on all marked rows at once."""

from __future__ import annotations

from typing import ClassVar

from textual import work
from textual.binding import BindingType

from meshtui.errors import MeshError, UnreachableError
from meshtui.mesh.batch import Batch, canary_first, plan_for
from meshtui.mesh.rows import Row
from meshtui.present.times import counted
from meshtui.present.tones import Line
from meshtui.tui.board import Told
from meshtui.tui.keys import bound
from meshtui.tui.messages import Failed
from meshtui.tui.screens.row_screen import RowScreen
from meshtui.tui.verbs import marked_line, verbs
from meshtui.tui.widgets.row_list import RowList


class Marking(RowScreen):
    """A list whose rows can be marked. While none is, the verbs work on the row under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("mark"),
        bound("mark-range"),  # as terminals send ctrl-space, and as some others do
        bound("unmark"),
    ]

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one(RowList)

    def keys(self, width: int) -> Line:
        """The verbs as they stand for the marked rows, if there are any."""
        marked = tuple(self.board.marked)
        return marked_line(marked, self.board, width) if marked else super().keys(width)

    # Marks.

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away."""
        if self.row is not None:
            self.board.marked.toggle(self.row)
            self.remark()

    def action_mark_range(self) -> None:
        """Mark every row from the one that was marked last to the cursor."""
        anchor = self.board.marked.anchor
        self.board.marked.extend(self.rows.up_to_cursor(anchor))
        self.remark()
        if anchor and self.board.store.place_of(anchor) is None:
            # of a large mesh only the rows around the cursor are here
            text = f"Only this row was marked: {anchor}, the one before, is not in this list, or too far from here."
            self.say(Told(text, wrong=True))

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.board.marked.clear()
        self.remark()

    def remark(self) -> None:
        """Show which rows are marked now."""
        self.rows.remark()
        self.refresh_frame()

    def rows_to_copy(self) -> tuple[Row, ...]:
        """The marked rows, or the one under the cursor."""
        return tuple(self.board.marked) or super().rows_to_copy()

    # The verbs.

    def action_issue(self) -> None:
        """Plan an issue for the marked rows, or the one under the cursor."""
        if self.board.marked:
            self._plan_marked("issue")
        else:
            super().action_issue()

    def action_rotate(self) -> None:
        """Plan a rotation of the marked rows, or of the one under the cursor."""
        if self.board.marked:
            self._plan_marked("rotate")
        else:
            super().action_rotate()

    def action_undo(self) -> None:
        """Plan to bring back the certificates before of the marked rows, or of the one under the cursor."""
        if self.board.marked:
            self._plan_marked("undo")
        else:
            super().action_undo()

    async def action_verify(self) -> None:
        """Look at every check of the row under the cursor, or at how each of the marked rows fares."""
        if not self.board.marked:
            await super().action_verify()
            return
        from meshtui.tui.screens.verify_marked import VerifyMarkedScreen  # noqa: PLC0415 - a start need not wait for it

        targets = tuple(row.target for row in self.board.marked)
        await self.open(VerifyMarkedScreen(self.board, targets, self.crumbs))

    def _able(self, verb: str) -> tuple[list[Row], tuple[tuple[str, str], ...]]:
        """The marked rows on which a verb works, and the others, each with the reason."""
        able, others = [], []
        for row in self.board.marked:
            reason = next(each.reason for each in verbs(row, self.board) if each.name == verb)
            if reason:
                others.append((row.target, reason))
            else:
                able.append(row)
        return able, tuple(others)

    @work(exclusive=True, group="plan")
    async def _plan_marked(self, verb: str) -> None:
        """Ask the mesh for one plan of all of them, and show it to the person, who may confirm it."""
        from meshtui.tui.screens.batch import BatchDialog  # noqa: PLC0415 - a start need not wait for it

        able, left_out = self._able(verb)
        if not able:
            reasons = ", ".join(dict.fromkeys(reason for _, reason in left_out))
            text = f"{verb} works on none of the {counted(len(left_out))} that are marked: {reasons}."
            self.say(Told(text, wrong=True))
            return
        self.say(Told("planning"))
        try:
            if self.board.mesh is None:
                raise UnreachableError("There is no mesh to ask.")
            plan = await plan_for(self.board.mesh, verb, canary_first(able))
        except MeshError as error:
            self.app.post_message(Failed(error, about=""))
            return
        self.say(None)
        await self.open(BatchDialog(Batch(verb, plan, left_out), self.board))
