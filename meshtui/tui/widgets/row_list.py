"""The list of rows: only what is in view is ever drawn, and of that only the lines that changed.

Widths are fixed by the columns, the cursor belongs to a target and not to a place, and what changes lights up
once. Stock tables measure every cell of every row; with 100,000 of them that takes longer than an incident.
Which rows there are, in what order, is the store's; what stands in them, `present.rows`'.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType

from msgspec.structs import replace
from textual import events
from textual.message import Message
from textual.strip import Strip

from meshtui.mesh.rows import Row, Step
from meshtui.present.glyphs import Glyphs
from meshtui.present.rows import COLUMNS, cells, sorted_column
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.widgets.columned import Columned
from meshtui.tui.widgets.row_painter import Facts, RowPainter
from meshtui.tui.widgets.row_store import Changes, RowStore

ARRIVAL = 5.0
"""Seconds after the first rows in which others may still sort themselves before them."""
_COMING = "\0"
"""Stands for the target of a line that says that its row is on its way."""
_SAID = "\0\0"
"""Stands for the target of a line that says why there are no rows."""
FLASH_SECONDS = 0.8
_FLASHES_AT_MOST = 12
"""Lines that light up at once; when more change, everything would flicker and nothing be seen."""


class RowList(Columned):
    """A list of rows with a cursor."""

    @dataclass
    class Opened(Message):
        """A row is to be looked at."""

        target: str

    def __init__(
        self,
        store: RowStore,
        now: Callable[[], datetime],
        glyphs: Glyphs,
        *,
        jumps: bool,
        id: str,  # noqa: A002
        marked: Container[str] = (),
        named: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    ) -> None:
        super().__init__(jumps=jumps, id=id)
        self._store = store
        self._now = now
        self._glyphs = glyphs
        self._marked = marked
        self._named = named
        """By views: columns that are shown whatever the width."""
        self._painter = RowPainter(lambda: self.palette, glyphs)
        self._target = ""
        self._question = store.shown
        self._sought = ""
        """The target that the cursor is to be on when it was found, unless a key moves it before."""
        self._arriving = True
        """Until a key moves the cursor or the first rows have had a moment to come: the cursor is at the top."""
        self._drawn: dict[int, str] = {}
        self._lit: dict[str, frozenset[str]] = {}
        self._steps: dict[str, Step] = {}
        self._placeholder: tuple[Line, ...] = ()

    def __len__(self) -> int:
        """Rows of the view that pass the filter."""
        return len(self._store)

    # What the screen asks and says.

    @property
    def selected(self) -> Row | None:
        """The row under the cursor."""
        return self._store.at(self._cursor)

    @property
    def titles(self) -> Line:
        """The heading over the columns, with a sign at the one that the rows are sorted by."""
        columns, shown = self._painter.columns, self._store.shown
        sign = self._glyphs.falling if shown.descending else self._glyphs.rising
        return self.heading(self._glyphs, {sorted_column(columns, shown.sort): sign})

    @property
    def named(self) -> tuple[str, ...]:
        """Those of this view."""
        return self._named.get(self._store.shown.view, ())

    def stay_at_top(self) -> None:
        """Where the cursor is on the first row, it is for what comes there, and not for the row that is there now."""
        if self._cursor == 0:
            self._target = ""
            self._look()

    @property
    def shows_sort(self) -> bool:
        """Whether one of the columns is what the rows are sorted by."""
        return bool(sorted_column(self._painter.columns, self._store.shown.sort))

    def show_placeholder(self, lines: tuple[Line, ...]) -> None:
        """What to say where there are no rows."""
        if lines != self._placeholder:
            self._placeholder = lines
            if not len(self._store):
                self.refresh()

    def select(self, target: str) -> None:
        """Put the cursor on a row, if it is in the list; in a large one as soon as it was found."""
        place = self._store.place_of(target)
        if place is not None:
            self.go(place)
        else:
            self.steered()
            self._sought = target
            self._store.seek(target)

    def up_to_cursor(self, target: str) -> list[Row] | None:
        """The rows from a target to the cursor, in this order; None when not all of them are here."""
        begin = self._store.place_of(target)
        if begin is None:
            return None
        step = 1 if begin <= self._cursor else -1
        rows = [self._store.at(place) for place in range(begin, self._cursor + step, step)]
        here = [row for row in rows if row is not None]
        return here if len(here) == len(rows) else None

    @property
    def place(self) -> int:
        """Where the cursor is."""
        return self._cursor

    def remark(self) -> None:
        """Marks are different."""
        self._refresh_changed()

    def rearrange(self) -> None:
        """The store's view or filter changed: begin at the top, unless the cursor's row is still there."""
        self._painter.prepare(self.laid_out(COLUMNS[self._store.shown.view]), self.size.width)
        place, is_new = self._store.place_of(self._target), self._question != self._store.shown
        kept = 0 if is_new else min(self._cursor, max(len(self._store) - 1, 0))
        self._cursor = kept if place is None else place
        before, self._question = self._target, self._store.shown
        self.remember()
        self.resize_to_rows()
        self.scroll_to(y=self.scroll_offset.y, animate=False, force=True)
        self.bring_into_view()
        self._refresh_changed()
        if self._target != before:
            self.post_message(self.Moved())

    def changed(self, changes: Changes) -> None:
        """The store took changes: redraw those of them that are in view, the cursor on its row as before."""
        if changes.rearranged:
            self.rearrange()
            self._go_to_sought()
            return
        self._light_up(changes)
        if self._arriving and not self._target:
            self.set_timer(ARRIVAL, self.steered)
        if changes.reordered:
            above = self._cursor - self.scroll_offset.y
            place = 0 if self._arriving else self._store.place_of(self._target)
            self._cursor = min(self._cursor, max(len(self._store) - 1, 0)) if place is None else place
            self.resize_to_rows()
            self.keep_line(above)
        self.remember()
        self._go_to_sought()
        self._refresh_changed()

    def tick(self) -> None:
        """Time has passed: redraw the lines whose words depend on it."""
        self._refresh_changed()

    def show_step(self, target: str, step: Step | None) -> None:
        """Show how far a row has come, whatever it says itself; None lets it speak again."""
        if step is None:
            self._steps.pop(target, None)
        else:
            self._steps[target] = step
        self._refresh_changed()

    # Drawing.

    def on_resize(self, _event: events.Resize) -> None:
        """Choose the columns for the new width."""
        self.rearrange()

    def relay(self) -> None:
        """Draw other columns."""
        self.rearrange()

    def render_line(self, y: int) -> Strip:
        """Draw the line at `y` of what is in view."""
        place = y + self.scroll_offset.y
        if place >= len(self._store):
            self._drawn[y] = _SAID if self._instead(y) else ""
            return self.strip_of(self._instead(y), self.size.width)
        facts = self._facts(place, now := self._now())
        if facts is None:
            self._drawn[y] = _COMING
            return self.strip_of((Piece(f"   {self._glyphs.ellipsis}", Tone.QUIET),), self.size.width)
        self._drawn[y] = facts.row.target
        return self._painter.draw(facts, now).strip

    def _instead(self, y: int) -> Line:
        """What stands in a line while there are no rows."""
        return self._placeholder[y] if not len(self._store) and y < len(self._placeholder) else ()

    def _facts(self, place: int, now: datetime) -> Facts | None:
        """What the line of a place is drawn from; None while its row is on its way."""
        row = self._shown(place)
        if row is None:
            return None
        lit = self._lit.get(row.target, frozenset())
        marked = row.target in self._marked
        return self._painter.facts(row, now, selected=place == self._cursor, lit=lit, marked=marked)

    def _shown(self, place: int) -> Row | None:
        row = self._store.at(place)
        if row is None:
            return None
        step = self._steps.get(row.target)
        return row if step is None or row.step is not None else replace(row, step=step)

    def _in_view(self) -> range:
        top = self.scroll_offset.y
        return range(top, min(top + self.size.height, len(self._store)))

    def _refresh_changed(self) -> None:
        """Repaint the lines that would be drawn differently now."""
        self._look()
        top, now = self.scroll_offset.y, self._now()
        for y in range(self.size.height):
            if top + y >= len(self._store):
                if self._drawn.get(y, "") != (_SAID if self._instead(y) else ""):
                    self.refresh_line(top + y)
                continue
            facts = self._facts(top + y, now)
            if facts is None:
                if self._drawn.get(y) != _COMING:
                    self.refresh_line(top + y)
                continue
            before = self._painter.drawn(facts.row.target)
            if before is None or before.facts != facts or self._drawn.get(y) != facts.row.target:
                self.refresh_line(top + y)

    def _light_up(self, changes: Changes) -> None:
        """Mark the cells in view that changed, for a moment."""
        now = self._now()
        shown = {row.target for place in self._in_view() if (row := self._store.at(place)) is not None}
        both = [(old, new) for old, new in changes.rows if old is not None and new is not None and new.target in shown]
        if not both or len(both) > _FLASHES_AT_MOST:
            return
        for old, new in both:
            columns = self._painter.columns
            pairs = zip(
                columns, cells(old, columns, now, self._glyphs), cells(new, columns, now, self._glyphs), strict=True
            )
            lit = frozenset(column.key for column, before, after in pairs if before != after)
            if lit:
                self._lit[new.target] = self._lit.get(new.target, frozenset()) | lit
        targets = [new.target for _, new in both]
        self.set_timer(FLASH_SECONDS, lambda: self._go_out(targets))

    def _go_out(self, targets: list[str]) -> None:
        for target in targets:
            self._lit.pop(target, None)
        self._refresh_changed()

    def _look(self) -> None:
        """Let the store know which rows are to be there, and which of them is to stay under the cursor."""
        self._store.look(self.scroll_offset.y, self.size.height, "" if self._arriving else self._target)

    # The cursor.

    def _go_to_sought(self) -> None:
        place = self._store.place_of(self._sought)
        if place is not None:
            self.go(place)

    def go(self, place: int) -> None:
        """Move the cursor; rows that are not there yet come."""
        self._sought = ""
        super().go(place)
        self._look()

    def steered(self) -> None:
        """What arrives no longer moves the cursor."""
        self._arriving = False

    def remember(self) -> None:
        """The cursor belongs to this target."""
        row, is_coming = self.selected, self._cursor < len(self._store)
        self._target = row.target if row is not None else "" if is_coming else self._target

    def action_open(self) -> None:
        """Look at the row under the cursor."""
        if self.selected is not None:
            self.post_message(self.Opened(self.selected.target))
