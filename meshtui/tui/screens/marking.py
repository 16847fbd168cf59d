"""Marks on rows of a list: one by one, from one to another, or all that are listed, in sight or not."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar

from textual import work
from textual.binding import BindingType

from meshtui.errors import MeshError, UsageError
from meshtui.mesh.interface import Mesh
from meshtui.mesh.marking import row_at, rows_between, rows_listed
from meshtui.mesh.rows import Query, Row
from meshtui.tui.board import Told
from meshtui.tui.keys import bound
from meshtui.tui.screens.row_screen import RowScreen
from meshtui.tui.widgets.row_list import RowList

_Which = Callable[[Mesh, Query], Awaitable[Sequence[Row]]]
"""The rows of a list that are to be marked, asked of their owner."""


class Marking(RowScreen):
    """A list whose rows can be marked."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("mark"),
        bound("mark-range"),  # as terminals send ctrl-space, and as some others do
        bound("mark-all"),
        bound("unmark"),
    ]

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one(RowList)

    def rows_to_copy(self) -> tuple[Row, ...]:
        """The marked rows, or the one under the cursor."""
        return tuple(self.board.marked) or super().rows_to_copy()

    def action_mark(self) -> None:
        """Mark the row under the cursor, or take its mark away."""
        if self.row is None:
            return
        if self.row.target in self.board.marked:
            self.board.marked.take_away(self.row.target)
            self.remark()
        else:
            self._mark((self.row,))

    def action_mark_range(self) -> None:
        """Mark every row from the one that was marked last to the cursor; where none was, the one under it."""
        anchor, row, place = self.board.marked.anchor, self.row, self.rows.place
        here = self.rows.up_to_cursor(anchor) if anchor else [row] if row is not None else []
        if here is not None:
            self._mark(here)
            return

        async def asked(mesh: Mesh, query: Query) -> Sequence[Row]:
            last = row or await row_at(mesh, query, place)
            return await rows_between(mesh, query, anchor, last.target) if last is not None else ()

        self._ask(asked)

    def action_mark_all(self) -> None:
        """Mark every row that the view, the filter and `only trouble` let through."""
        store = self.board.store
        here = tuple(store)
        if store.is_answered and len(here) == len(store):
            self._mark(here)
        else:
            self._ask(rows_listed)

    def action_unmark(self) -> None:
        """Take all marks away."""
        self.stop_marking()
        self.board.marked.clear()
        self.remark()

    @property
    def is_marking(self) -> bool:
        """Whether the mesh is being asked for rows that are to be marked."""
        return any(worker.group == "mark" and worker.node is self for worker in self.workers)

    def stop_marking(self) -> bool:
        """Mark nothing more, and say whether something was still to be."""
        return bool(self.workers.cancel_group(self, "mark"))

    def remark(self) -> None:
        """Show which rows are marked now."""
        self.rows.remark()
        self.refresh_frame()

    @work(exclusive=True, group="mark")
    async def _ask(self, which: _Which) -> None:
        """Mark what the owner says, unless another list is shown by then."""
        query = self.board.store.asked
        self.say(Told("marking"))
        try:
            rows = await which(self.board.the_mesh(), query)
            if self.board.store.asked != query:
                raise UsageError("Another list is shown now.")
        except MeshError as error:
            self._say_unmarked(error)
            return
        self._mark(rows)

    def _mark(self, rows: Sequence[Row]) -> None:
        try:
            self.board.marked.extend(rows)
        except UsageError as error:
            self._say_unmarked(error)
        else:
            self.say(None)
        self.remark()

    def _say_unmarked(self, error: MeshError) -> None:
        self.say(Told(f"Nothing was marked: {error}", wrong=True, stays=True))
