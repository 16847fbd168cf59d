"""A list of items that come all at once: policies, pairs of callers, entries of the audit.

Only what is in view is drawn, of that only the lines that changed, and the cursor belongs to an item. A list of
certificates has far more rows, which change one by one: that is `row_list`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Generic, TypeVar

from textual import events
from textual.message import Message
from textual.strip import Strip

from meshtui.present.columns import Column, Table
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line
from meshtui.tui.widgets.columned import Columned
from meshtui.tui.widgets.item_store import ItemStore
from meshtui.tui.widgets.row_painter import strip_of_cells

T = TypeVar("T")

_Drawn = tuple[tuple[Line, ...], bool, Line]
"""Cells of a line, whether the cursor is on it, and what stands there instead of an item."""


class ItemList(Columned, Generic[T]):
    """A list of items with a cursor."""

    @dataclass
    class Opened(Message):
        """The item under the cursor is to be looked at."""

    def __init__(
        self,
        store: ItemStore[T],
        table: Table[T],
        now: Callable[[], datetime],
        glyphs: Glyphs,
        *,
        follows: bool,
        jumps: bool,
        id: str,  # noqa: A002 - Textual's name for it
        named: tuple[str, ...] = (),
    ) -> None:
        super().__init__(jumps=jumps, id=id)
        self._store = store
        self._table = table
        self._now = now
        self._glyphs = glyphs
        self._named = named
        self._follows = follows
        self._at_top = follows
        """Whether the cursor stays on the first line, whatever comes there."""
        self._key = ""
        self._columns: tuple[Column, ...] = ()
        self._drawn: dict[int, _Drawn] = {}
        self._placeholder: tuple[Line, ...] = ()

    def __len__(self) -> int:
        """Items that pass the filter."""
        return len(self._store)

    # What the screen asks and says.

    @property
    def selected(self) -> T | None:
        """The item under the cursor."""
        return self._store.at(self._cursor)

    @property
    def titles(self) -> Line:
        """The heading over the columns."""
        return self.heading(self._glyphs)

    @property
    def named(self) -> tuple[str, ...]:
        """Columns that are shown whatever the width."""
        return self._named

    def show_placeholder(self, lines: tuple[Line, ...]) -> None:
        """What to say where there are no items."""
        if lines != self._placeholder:
            self._placeholder = lines
            self.tick()

    def changed(self) -> None:
        """The store has other items, or another filter: the cursor stays on its own as long as that is there."""
        above = self._cursor - self.scroll_offset.y
        place = 0 if self._at_top or not self._key else self._store.place_of(self._key)
        self._cursor = min(self._cursor, max(len(self) - 1, 0)) if place is None else place
        self.resize_to_rows()
        self.keep_line(above)
        if place is not None or self.selected is None:
            self.remember()
        self.tick()
        self.post_message(self.Moved())

    def tick(self) -> None:
        """Repaint the lines that would be drawn differently now."""
        now = self._now()
        for y in range(self.size.height):
            if self._drawn.get(y) != self._facts(y, now):
                self.refresh_line(y + self.scroll_offset.y)

    # Drawing.

    def on_resize(self, _event: events.Resize) -> None:
        """Choose the columns for the new width."""
        self.relay()
        self.resize_to_rows()
        self.bring_into_view()

    def relay(self) -> None:
        """Draw other columns."""
        self._columns = self.laid_out(self._table.columns)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw the line at `y` of what is in view."""
        drawn = self._drawn[y] = self._facts(y, self._now())
        cells, selected, instead = drawn
        if not cells:
            return self.strip_of(instead, self.size.width)
        sign = self._glyphs.cursor if selected else ""
        return strip_of_cells(self.palette, self._columns, cells, self.size.width, sign=sign)

    def _facts(self, y: int, now: datetime) -> _Drawn:
        place = y + self.scroll_offset.y
        item = self._store.at(place)
        if item is None:
            return (), False, self._placeholder[y] if not len(self) and y < len(self._placeholder) else ()
        return self._table.cells(item, self._columns, now, self._glyphs), place == self._cursor, ()

    # The cursor.

    def steered(self) -> None:
        """The cursor belongs to an item from now on."""
        self._at_top = False

    def remember(self) -> None:
        """The cursor belongs to this item."""
        item = self.selected
        self._key = self._store.key_of(item) if item is not None else self._key

    def action_first(self) -> None:
        """Move the cursor to the first item, and follow what comes there where that is the newest."""
        super().action_first()
        self._at_top = self._follows

    def action_open(self) -> None:
        """Look at the item under the cursor."""
        if self.selected is not None:
            self.post_message(self.Opened())
