"""The list of one kind of thing, read whole whenever the mesh says that it is different."""

from __future__ import annotations

from typing import Any, ClassVar, Generic, TypeVar

from textual import events
from textual.app import ComposeResult

from meshtui.errors import MeshError
from meshtui.mesh.filter_fields import Language
from meshtui.mesh.interface import Mesh
from meshtui.present.columns import joined, titles
from meshtui.present.summary import SUMMARY_LINES, shrunk
from meshtui.present.times import counted
from meshtui.present.tones import Line, Piece, Tone, plain
from meshtui.tui.board import Board, Link
from meshtui.tui.listing import Listing, Reading
from meshtui.tui.placeholder import absent, error_lines, none_here, none_matches, odd, unopened, waiting
from meshtui.tui.screens.copying import Copying
from meshtui.tui.screens.fetching import Fetching
from meshtui.tui.screens.filtered import Filtered, Placed
from meshtui.tui.screens.saving import Saving
from meshtui.tui.widgets.item_list import ItemList
from meshtui.tui.widgets.item_store import ItemStore
from meshtui.tui.widgets.lines import Lines
from meshtui.tui.widgets.row_store import Changes

T = TypeVar("T")

_SAVED_WIDTH = 240
"""Cells of a line of a list that is saved: all columns."""
_COPIED_WIDTH = 1_000
"""Cells of a summary that is copied: enough for nothing to be cut."""


class ItemsScreen(Copying, Saving, Filtered, Fetching, Generic[T]):
    """What a listing says; what enter opens is its own."""

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("open", "open"),
        ("filter", "filter"),
        ("help", "help"),
        ("command", "command"),
        ("next-view", "view"),
        ("quit", "quit"),
    )

    def __init__(self, board: Board, listing: Listing[T], *, jumps: bool) -> None:
        super().__init__(board)
        self._listing = listing
        self._store = ItemStore[T](listing.key, listing.language, board.now)
        self._list = ItemList[T](
            self._store,
            listing.table,
            board.now,
            board.glyphs,
            follows=listing.is_timeline,
            jumps=jumps,
            id="items",
            named=board.columns.get(self.place, ()) if isinstance(self, Placed) else (),
        )
        self._note = ""
        self._error: MeshError | None = None

    # What the frame asks.

    @property
    def count(self) -> str:
        """The filter, how many items it lets through, and what else is to be known."""
        store = self._store
        if store.filter.strip():
            name = self.saved_as(store.filter) if isinstance(self, Placed) else ""
            found = f"{name} /{store.filter}   {counted(len(store))} of {counted(store.total)}".lstrip()
            # of what is not here the filter says nothing
            return "   ".join(filter(None, (found, self._note if self._listing.is_timeline else "")))
        return "   ".join(filter(None, (counted(store.total) if store.total else "", self._note)))

    @property
    def filter(self) -> str:
        """What is typed now."""
        return self._store.filter

    @property
    def matching(self) -> tuple[int, int]:
        """How many the filter lets through, of how many."""
        return len(self._store), self._store.total

    @property
    def language(self) -> Language[Any]:
        """What a filter can ask of the items."""
        return self._listing.language

    @property
    def selected(self) -> T | None:
        """The item under the cursor."""
        return self._list.selected

    def copied(self) -> tuple[tuple[str, str], ...]:
        """What is said of the item under the cursor."""
        if (item := self.selected) is None:
            return ()
        lines = self._listing.summary(item, self.board.now(), _COPIED_WIDTH, self.board.glyphs)
        return (("what is said of it", "\n".join(filter(None, (plain(line).strip() for line in lines)))),)

    async def draw(self, kind: str) -> str | None:
        """Everything that passes the filter as text, with all columns; a picture is of what is in sight."""
        if kind != "txt":
            return None
        table, now, glyphs = self._listing.table, self.board.now(), self.board.glyphs
        columns = table.layout(_SAVED_WIDTH)
        items = filter(None, map(self._store.at, range(len(self._store))))
        lines = [titles(columns, glyphs), *(joined(table.cells(item, columns, now, glyphs)) for item in items)]
        return "".join(f"{plain(line).rstrip()}\n" for line in lines)

    def body(self) -> ComposeResult:
        """The places where this is one, the list, and what there is to say about one item of it."""
        if isinstance(self, Placed):
            yield Lines(id="places")
        yield Lines(id="titles")
        yield self._list
        yield Lines(id="summary")

    def board_changed(self, changes: Changes) -> None:
        """The link may be back, or capabilities known now."""
        super().board_changed(changes)
        self._refresh_body()

    def tick(self) -> None:
        """Show what depends on the time."""
        super().tick()
        if self._store.tick():
            self._list.changed()
        self._list.tick()
        self._refresh_body()

    def on_resize(self, _event: events.Resize) -> None:
        """Show titles for the columns that fit now."""
        self.call_after_refresh(self._refresh_body)

    def narrow(self, text: str) -> None:
        """Show what this filter lets through."""
        if text != self._store.filter:
            self._store.arrange(text)
            self._list.changed()
            self.refresh_frame()
            self._refresh_body()

    def on_cursor_list_moved(self) -> None:
        """The cursor is on another item: say what is to be said of that."""
        self._refresh_body()

    def on_columned_relaid(self) -> None:
        """Other columns, other titles."""
        self._refresh_body()

    async def on_item_list_opened(self) -> None:
        """Enter."""
        if (item := self.selected) is not None:
            await self.open_item(item)

    async def open_item(self, item: T) -> None:
        """Show everything about an item."""
        raise NotImplementedError

    # Reading.

    @property
    def reason(self) -> str:
        """Why this mesh has nothing of the kind, in its own words; empty when it has."""
        info = self.board.info
        known = info.capabilities if info else ()
        found = next((each for each in known if each.verb == self._listing.capability), None)
        return "" if found is None or found.available else found.reason or "not here"

    @property
    def may_fetch(self) -> bool:
        """Whether there is somebody to ask, who has such things."""
        return super().may_fetch and not self.reason

    async def fetch(self, mesh: Mesh) -> Reading[T]:
        """All items."""
        return await self._listing.read(mesh)

    def fetched(self, content: Reading[T]) -> None:
        """Show what is there now."""
        self._error, self._note = None, content.note
        if self._store.replace(content.items):
            self._list.changed()
        self.refresh_frame()
        self._refresh_body()

    def missed(self, error: MeshError) -> None:
        """Say why nothing new is there."""
        self._error = error
        self.board.say(error)
        self.refresh_frame()
        self._refresh_body()

    # Showing.

    def _refresh_body(self) -> None:
        if not self.has_widgets:
            return
        board, item, width = self.board, self.selected, self.size.width
        self.lines("titles").show([self._list.titles if len(self._store) else ()])
        self._list.show_placeholder(((), *self._placeholder(width)))
        lines: list[Line] = [()] * SUMMARY_LINES
        if item is not None:
            summary = self._listing.summary(item, board.now(), width - 2, board.glyphs)
            lines = [(Piece(" "), *line) for line in summary]
        # A long status takes its lines from here, so that the list above keeps its place
        lines = shrunk(lines, self.size.height)
        lines = lines[: max(len(lines) + 1 - len(self.lines("status").lines), 0)]
        self.lines("summary").show([(Piece(board.glyphs.rule * width, Tone.QUIET),), *lines])

    def _placeholder(self, width: int) -> list[Line]:
        """Why there is nothing to see."""
        board, noun = self.board, self._listing.noun
        if board.link is Link.CLOSED and board.error is not None:
            return unopened(board.error, board.glyphs, width - 4)
        if self.reason:
            return absent(noun, self.reason, board.glyphs, width - 4)
        if self._error is not None:
            return error_lines(self._error, board.glyphs, width - 4)
        if not self.was_fetched:
            return [waiting(f"reading the {noun}", board.glyphs)]
        if self._store.total:
            text = self._store.filter
            line = none_matches(self._store.total, noun, text, board.glyphs, width)
            return [line, *odd(text, self.language, board.glyphs, width)]
        return [none_here(noun)]
