"""The rows that the console has, and their order in the list. Free of Textual, so that it can be read and tested alone.

The rows of a small mesh are all here, in an index like its owner's, and every question is answered at once. Of a large
one there is a window: the rows around those in view, as the owner answered last. What is missing is a query that
somebody takes from `ask` to the owner, and whose answer comes back by `take`; until then there are gaps, and the list
stays what it was. Changes are told with their rows; whatever they do to the order is asked for again.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from msgspec.structs import replace

from meshtui.mesh.index import RowIndex
from meshtui.mesh.query import in_view
from meshtui.mesh.rows import Page, Query, Row, Sort, View
from meshtui.tui.widgets.in_view import WINDOW, InView, Need

WHOLE = 1000
"""Rows up to which a mesh is small: all of them are loaded. While it grows, they stay until there are twice as many."""
_REMEMBERED = 100
"""Rows that were asked for by their target, and are kept up to date though they are not in the window."""


@dataclass(frozen=True)
class Changes:
    """What an update did: each row as it was and is (None: it was not, is not there), and whether the order changed."""

    rows: tuple[tuple[Row | None, Row | None], ...] = ()
    reordered: bool = False
    rearranged: bool = False
    """Whether another question is answered now."""


class RowStore:
    """What the rows in the list are, each with its place."""

    def __init__(self, sort: Sort = Sort.EXPIRY, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._now = now
        self._index: RowIndex | None = RowIndex()
        """All rows of a small mesh."""
        self._asked = Query(sort=sort)
        self._shown = self._asked
        self._is_answered = True
        """Whether anything was ever answered."""
        self._rows: list[Row] = []
        self._begin = 0
        self._places: dict[str, int] = {}
        """Of the targets in the window, from its beginning."""
        self._matching = 0
        self._total = 0
        self._remembered: OrderedDict[str, Row] = OrderedDict()
        self._in_view = InView()
        self._sought = ""
        self._on_its_way: Query | None = None
        self._changes = self._known_changes = 0
        """How often rows changed until now, and until the window was asked for."""
        self.on_need: Callable[[], object] = lambda: None
        """Called when the owner is to be asked, or sooner than before."""

    @property
    def view(self) -> View:
        """Which rows are asked for."""
        return self._asked.view

    @property
    def filter(self) -> str:
        """What was typed."""
        return self._asked.filter

    @property
    def sort(self) -> Sort:
        """What the order is to go by."""
        return self._asked.sort

    @property
    def descending(self) -> bool:
        """Whether it is to be turned round."""
        return self._asked.descending

    @property
    def only_trouble(self) -> bool:
        """Whether rows that are well are to be left out."""
        return self._asked.only_trouble

    @property
    def shown(self) -> Query:
        """The question that is answered here: until the answer to another has come, the one before."""
        return self._shown

    @property
    def asked(self) -> Query:
        """The question that was asked last."""
        return self._asked

    @property
    def is_answered(self) -> bool:
        """Whether that is the question that was asked last."""
        return self._is_answered and self._asked == self._shown

    @property
    def has_all(self) -> bool:
        """Whether all rows are here, as those of a small mesh are."""
        return self._index is not None

    @property
    def total(self) -> int:
        """Rows of the view, filtered or not."""
        return self._total

    def __len__(self) -> int:
        """Rows in the order."""
        return self._matching

    def __iter__(self) -> Iterator[Row]:
        """Rows that are here, in their order."""
        return iter(self._rows)

    def at(self, place: int) -> Row | None:
        """The row at a place of the order; None when it is not here yet, or there is none."""
        here = place - self._begin
        return self._rows[here] if 0 <= here < len(self._rows) else None

    def get(self, target: str) -> Row | None:
        """The row of a target, in the order or not; None also when it was not in the window since it was asked for."""
        if self._index is not None:
            return self._index.get(target)
        here = self._places.get(target)
        row = self._remembered.get(target) if here is None else self._rows[here]
        if row is not None:
            self._remember(row)
        return row

    def place_of(self, target: str) -> int | None:
        """The place of a target in the order; None when it is not in it, or not here."""
        here = self._places.get(target)
        return None if here is None else self._begin + here

    def arrange(
        self,
        view: View,
        text: str,
        *,
        sort: Sort | None = None,
        descending: bool | None = None,
        only_trouble: bool | None = None,
    ) -> None:
        """Ask another question; what is None stays as it was. The list follows at once, or when `take` was called."""
        was = self._asked
        self._asked = replace(
            was,
            view=view,
            filter=text,
            sort=was.sort if sort is None else sort,
            descending=was.descending if descending is None else descending,
            only_trouble=was.only_trouble if only_trouble is None else only_trouble,
        )
        self._answer_or_need()

    def update(self, rows: Iterable[Row] = (), gone: Iterable[str] = ()) -> Changes:
        """Take rows that are new or different, and forget targets that are gone. Of two rows of a target, the last."""
        latest = {row.target: row for row in rows}
        vanished = [target for target in dict.fromkeys(gone) if target not in latest]
        if self._index is None:
            return self._update_window(latest, vanished)
        pairs: list[tuple[Row | None, Row | None]] = []
        for row in latest.values():
            if (before := self._index.get(row.target)) != row:
                self._index.put(row)
                pairs.append((before, row))
        pairs += [(left, None) for target in vanished if (left := self._index.drop(target)) is not None]
        order = list(self._places)
        self._answer_or_need()
        reordered = order != list(self._places)
        if len(self._index) > 2 * WHOLE:
            self._become_large()
        return Changes(rows=tuple(pairs), reordered=reordered)

    def _update_window(self, latest: dict[str, Row], vanished: list[str]) -> Changes:
        """Show what is different in its place; what becomes of the order, its owner knows."""
        pairs: list[tuple[Row | None, Row | None]] = []
        for target, row in latest.items():
            here = self._places.get(target)
            before = self._rows[here] if here is not None else self._remembered.get(target)
            if before != row:
                pairs.append((before, row))
                self._changes += in_view(row, self._asked.view)
            if here is not None:
                self._rows[here] = row
            if target in self._remembered:
                self._remembered[target] = row
        left = [self._remembered.pop(target) for target in vanished if target in self._remembered]
        lost = {target for target in vanished if target in self._places}
        if lost:
            left += [row for row in self._rows if row.target in lost]
            self._hold(self._begin, [row for row in self._rows if row.target not in lost])
            self._matching -= len(lost)
            self._total -= len(lost)
        pairs += [(row, None) for row in {row.target: row for row in left}.values()]
        self._changes += len(vanished)
        self.on_need()
        return Changes(rows=tuple(pairs), reordered=bool(lost))

    def look(self, top: int, height: int, target: str) -> None:
        """The list shows `height` lines from the place `top` on, the cursor on `target` (empty: on no row yet)."""
        self._in_view = self._in_view.moved(top, height, target)
        if self._index is None:
            self.on_need()

    def seek(self, target: str) -> None:
        """Have the rows around this target here, wherever it is; where it is not in the order, nothing moves."""
        if self._index is None:
            self._sought = target
            self.on_need()

    @property
    def need(self) -> Need:
        """Whether there is something to ask. Nothing while an answer is on its way."""
        if self._index is not None or self._on_its_way is not None:
            return Need.NOTHING
        if not self.is_answered or self._sought:
            return Need.NOW
        first, last = self._in_view.needed(self._matching)
        if first < self._begin or last > self._begin + len(self._rows):
            return Need.NOW
        return Need.LATER if self._changes != self._known_changes else Need.NOTHING

    def ask(self) -> Query:
        """What to ask the owner, which is on its way from now on: `take` the answer, or say that there is none."""
        at, place = self._in_view, self.place_of(self._in_view.target)
        is_new = not self.is_answered
        query = at.first_page(self._asked, place) if is_new else at.page(self._asked, place, self._matching)
        query = at.page_of(self._sought, query) if self._sought else query
        self._on_its_way, self._known_changes = query, self._changes
        return query

    def unanswered(self) -> None:
        """The owner did not answer, and will not."""
        self._on_its_way = None
        self._changes += 1

    def take(self, query: Query, page: Page) -> Changes:
        """An answer of the owner, which makes this the store of a large mesh. One to a question that nobody asks any
        more changes nothing.
        """
        is_expected = query == self._on_its_way
        is_sought = bool(self._sought) and query.around == self._sought
        if is_expected:
            self._on_its_way = None
            self._sought = "" if is_sought else self._sought
        if self._index is not None:
            self._index, self._is_answered, self._matching, self._total = None, False, 0, 0
            self._hold(0, [])
        elif not is_expected:
            self._changes += 1
        if not self._is_asked(query) or (self._loses_cursor(query, page) and not is_sought):
            self.on_need()
            return Changes()
        rearranged, self._shown, self._is_answered = not self.is_answered, self._asked, True
        begin, order, before = self._begin, list(self._places), {row.target: row for row in self._rows}
        matching, self._matching, self._total = self._matching, page.matching, page.total
        self._hold(query.begin(page.place), page.rows)
        for row in page.rows:
            if row.target in self._remembered:
                before.setdefault(row.target, self._remembered[row.target])
                self._remembered[row.target] = row
        pairs = tuple((was, row) for row in page.rows if (was := before.get(row.target)) is not None and was != row)
        reordered = (begin, matching, order) != (self._begin, self._matching, list(self._places))
        self.on_need()
        return Changes(rows=pairs, reordered=reordered, rearranged=rearranged)

    def _loses_cursor(self, query: Query, page: Page) -> bool:
        """Whether the cursor moved on while the answer came, to a row that is here now and would not be then."""
        target = self._in_view.target
        if not self.is_answered or target == query.around or target not in self._places:
            return False
        return all(row.target != target for row in page.rows)

    def _is_asked(self, query: Query) -> bool:
        return replace(query, offset=0, limit=Query().limit, around="", before=0) == self._asked

    def _answer_or_need(self) -> None:
        if self._index is None:
            self.on_need()
            return
        page = self._index.page(replace(self._asked, limit=len(self._index)), self._now())
        self._shown, self._matching, self._total = self._asked, page.matching, page.total
        self._hold(0, page.rows)

    def _become_large(self) -> None:
        """Keep the rows around those in view."""
        self._index = None
        begin = max(self._in_view.top - WINDOW // 4, 0)
        self._hold(begin, self._rows[begin : begin + WINDOW])
        self._changes += 1
        self.on_need()

    def _hold(self, begin: int, rows: Sequence[Row]) -> None:
        self._begin, self._rows = begin, list(rows)
        self._places = {row.target: place for place, row in enumerate(self._rows)}

    def _remember(self, row: Row) -> None:
        self._remembered[row.target] = row
        self._remembered.move_to_end(row.target)
        while len(self._remembered) > _REMEMBERED:
            self._remembered.popitem(last=False)
