"""The list of a view: rows soonest to die first, a filter, and the row under the cursor in three lines."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import BindingType

from meshtui.mesh.actions import Progress
from meshtui.mesh.rows import Query, Row, Sort, Step, View
from meshtui.present.summary import SUMMARY_LINES, shrunk, summary
from meshtui.present.times import counted
from meshtui.present.tones import Line, Piece, Tone
from meshtui.saved_filters import sort_name
from meshtui.tui.board import Board, Told
from meshtui.tui.keys import bound
from meshtui.tui.notices import notice_lines
from meshtui.tui.placeholder import placeholder
from meshtui.tui.places import Place
from meshtui.tui.screens.batching import Batching
from meshtui.tui.screens.beside import Beside, panel_width
from meshtui.tui.screens.filtered import Filtered, Placed
from meshtui.tui.screens.saving import SavingRows
from meshtui.tui.widgets.lines import Lines
from meshtui.tui.widgets.row_list import RowList
from meshtui.tui.widgets.row_store import Changes

TICK_SECONDS = 5.0
"""How long a row shows that it was served after a rotation, before its state takes over again."""


SORT_KEYS = {
    "left": Sort.EXPIRY,
    "state": Sort.STATE,
    "name": Sort.NAME,
    "namespace": Sort.NAMESPACE,
    "target": Sort.TARGET,
    "truths": Sort.TRUTHS,
    "issuer": Sort.ISSUER,
    "serial": Sort.SERIAL,
}
"""What keys sort by."""


class ListScreen(SavingRows, Batching, Beside, Filtered, Placed):
    """One screen for all views: they differ in rows and columns only."""

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("open", "open"),
        ("filter", "filter"),
        ("help", "help"),
        ("fix", "fix"),
        ("command", "command"),
        ("only-trouble", "trouble"),
        ("reach", "calls"),
        ("next-view", "view"),
        ("quit", "quit"),
    )

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("only-trouble"),
        *(bound(f"sort-{name}", f"sort('{sort}')") for name, sort in SORT_KEYS.items()),
    ]

    def __init__(self, board: Board, *, jumps: bool) -> None:
        super().__init__(board)
        self._list = RowList(
            *(board.store, board.now, board.glyphs),
            jumps=jumps,
            id="rows",
            marked=board.marked,
            named=board.columns,
        )

    @property
    def place(self) -> Place:
        """The view."""
        return Place(self.board.store.view.value)

    @property
    def filter(self) -> str:
        """What is typed now."""
        return self.board.store.filter

    @property
    def count(self) -> str:
        """The filter, and how many rows it lets through."""
        store, shown = self.board.store, self.board.store.shown
        text = f"{self.saved_as(shown.filter)} /{shown.filter}".strip() if shown.filter.strip() else ""
        trouble = "only trouble" if shown.only_trouble else ""
        number = counted(store.total) if store.total else ""
        if text or trouble:
            number = f"{counted(len(store))} of {counted(store.total)}"
        sign = self.board.glyphs.falling if shown.descending else self.board.glyphs.rising
        # Where no column shows what the list is sorted by
        order = "" if self._list.shows_sort or not self.is_mounted else f"{sort_name(shown.sort)} {sign}"
        marked = f"{counted(len(self.board.marked))} marked" if self.board.marked else ""
        return "   ".join(filter(None, (trouble, text, number, marked, order)))

    @property
    def listed(self) -> Query:
        """What is listed, as one asks a mesh for it."""
        return self.board.store.shown

    @property
    def matching(self) -> tuple[int, int]:
        """How many the filter lets through, of how many."""
        return len(self.board.store), self.board.store.total

    @property
    def row(self) -> Row | None:
        """The row under the cursor."""
        return self._list.selected

    def body(self) -> ComposeResult:
        """Notices, the list, and what there is to say about one row of it, beside the list or below it."""
        yield Lines(id="places")
        yield Lines(id="notices", at_least=0)
        yield Lines(id="titles")
        yield self._list
        yield self.panel
        yield Lines(id="summary")

    def board_changed(self, changes: Changes) -> None:
        """Show what changed."""
        super().board_changed(changes)
        self._list.changed(changes)
        self._refresh_body()

    def tick(self) -> None:
        """Show what depends on the time."""
        super().tick()
        self._list.tick()
        self._refresh_body()

    def progressed(self, progress: Progress) -> None:
        """Show a step on its row; the tick for a moment, even though the row is only fresh by then."""
        if progress.done and not progress.error and progress.served:
            self._list.show_step(progress.target, Step.SERVED)
            self.set_timer(TICK_SECONDS, lambda: self._list.show_step(progress.target, None))

    def show_view(self, view: View) -> None:
        """Show another view, under the same filter."""
        self.board.take_back()
        self.board.store.arrange(view, self.board.store.filter)
        self._list.rearrange()
        self._refresh_all()

    def select(self, target: str) -> None:
        """Put the cursor on a row, if it is in the list."""
        self._list.select(target)

    async def verify(self, row: Row) -> None:
        """Look at every check of the row."""
        from meshtui.tui.screens.verify import VerifyScreen  # noqa: PLC0415 - a start need not wait for it

        await self.open(VerifyScreen(self.board, row.target, (*self.crumbs, row.target)))

    def on_resize(self, event: events.Resize) -> None:
        """Show titles for the columns that fit now."""
        super().on_resize(event)
        self.call_after_refresh(self._refresh_all)

    def on_cursor_list_moved(self) -> None:
        """The cursor moved: say what is to be said of its row."""
        if self.is_current and (not isinstance(self.board.said, Progress) or self.board.said.done):
            self.board.pass_over()
        self._refresh_all()

    def on_columned_relaid(self) -> None:
        """Other columns, other titles; the order may be none of them."""
        self._refresh_all()

    async def on_row_list_opened(self, message: RowList.Opened) -> None:
        """Open a row."""
        from meshtui.tui.screens.detail import DetailScreen  # noqa: PLC0415 - a start need not wait for it

        await self.open(DetailScreen(self.board, message.target, self.crumbs))

    # The filter.

    def action_clear(self) -> None:
        """Clear what is in the way: notices, a batch, what was said, marks, then the filter; one of them at a time."""
        if self.board.notices:
            self.board.dismissed = self.board.notices
            self._refresh_body()
        elif self.board.running is not None and not self.board.running.stopping:
            self.board.running.stopping = True
            self.say(Told("It stops when the target whose turn it is has had it."))
        elif self.stop_marking():
            self.say(Told("Nothing was marked."))
        elif self.board.said is not None:
            self.say(None)
        elif self.board.marked:
            self.action_unmark()
        elif self.filter:
            self.narrow("")
        elif self.board.store.only_trouble:
            self.action_only_trouble()
        else:
            self.up()

    def narrow(self, text: str) -> None:
        """Show the rows that this filter lets through."""
        store = self.board.store
        if text != store.filter:
            store.arrange(store.view, text)
            self._list.rearrange()
            self._refresh_all()

    # The order.

    def action_only_trouble(self) -> None:
        """Leave out what is well, or show it again."""
        store = self.board.store
        store.arrange(store.view, store.filter, only_trouble=not store.only_trouble)
        self._list.rearrange()
        self._refresh_all()

    def action_sort(self, name: str) -> None:
        """Sort by something; by the same once more, turn the order round."""
        store, sort = self.board.store, Sort(name)
        self.sort_by(sort, descending=sort is store.sort and not store.descending)

    def sort_by(self, sort: Sort, *, descending: bool) -> None:
        """Show another order, from its top unless the cursor was put on a row."""
        store = self.board.store
        self._list.stay_at_top()
        store.arrange(store.view, store.filter, sort=sort, descending=descending)
        self._list.rearrange()
        self._refresh_all()

    def _refresh_all(self) -> None:
        self.refresh_frame()
        self._refresh_body()

    def _refresh_body(self) -> None:
        """Show what stands above and below the rows, and in their place where there are none."""
        if not self.has_widgets:
            return
        notices = notice_lines(self.board, self.size.width)
        self.lines("notices").show(notices)
        self.lines("notices").set_class(bool(notices), "-any")
        self.lines("titles").show([self._list.titles if len(self.board.store) else ()])
        self._list.show_placeholder(placeholder(self.board, self.size.width - panel_width(self.size.width)))
        self.refresh_panel()
        if not self.has_panel:
            self._refresh_summary()

    def _refresh_summary(self) -> None:
        board, row, width = self.board, self.row, self.size.width
        lines: list[Line] = [()] * SUMMARY_LINES
        if row is not None:
            lines = [(Piece(" "), *line) for line in summary(row, board.now(), width - 2, board.glyphs)]
        elif len(board.store):
            lines[0] = (Piece(f" {board.missing}", Tone.UNSURE),)
        # A long status takes its lines from here, so that the list above keeps its place
        lines = shrunk(lines, self.size.height)
        lines = lines[: max(len(lines) + 1 - len(self.lines("status").lines), 0)]
        rule = (Piece(board.glyphs.rule * width, Tone.QUIET),)
        self.lines("summary").show([rule, *lines])
