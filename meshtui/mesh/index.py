"""Rows as their owner keeps them, so that a page of 100,000 is answered without sorting or searching all of them.

It answers as `query.page` would, from what it keeps: the texts that words are sought in, an order for each sort that
was asked for, and the selections of the filters asked for last. A change costs next to nothing when it happens; what
is kept is brought up to date before the next answer, all changes together.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from meshtui.mesh.filter import Filter, Match
from meshtui.mesh.filters.certificates import text_of
from meshtui.mesh.order import (
    KEYS,
    OF_EACH_SOONEST,
    Key,
    descending,
    moved,
    numbered_from_expiry,
    numbered_keys,
    place_in,
)
from meshtui.mesh.query import KINDS, check_page, page
from meshtui.mesh.rows import Page, Query, Row, Sort, View
from meshtui.mesh.snapshot import Mark, RotationState
from meshtui.mesh.trouble import in_trouble

SELECTIONS = 6
"""Filters whose rows are kept: more than one console goes back and forth between."""
ORDERS = 3
"""Sorts whose orders are kept."""
TIMED_FOR = timedelta(seconds=1)
"""How long the selection of a filter about time is good for."""
_FEWEST = 1000
"""Changes from which they are worked in without anybody asking, so that nobody waits for very many."""
_NOBODY = Row(target="", identity="", truths=(Mark.ABSENT,) * 4, state=RotationState.UNKNOWN)
"""Stands where a row was. No order leads to it."""
_Which = tuple[View, str, bool, Sort]


@dataclass
class _Selection:
    """Sorted keys of the rows that match, as of a moment."""

    match: Match[Row]
    only_trouble: bool
    prefix: str
    at: datetime
    timed: bool
    keys: list[Key]

    def has(self, row: Row, text: str) -> bool:
        well = self.only_trouble and not in_trouble(row)
        return row.target.startswith(self.prefix) and not well and self.match.match(row, text)


class RowIndex:
    """Rows by target. Each has a number, which is the last part of its keys and its place in what is kept of it."""

    def __init__(self, rows: Iterable[Row] = ()) -> None:
        self._numbers: dict[str, int] = {}
        self._rows: list[Row] = []
        self._texts: list[str] = []
        self._free: list[int] = []
        self._orders: OrderedDict[Sort, list[Key]] = OrderedDict({Sort.EXPIRY: []})
        self._selections: OrderedDict[_Which, _Selection] = OrderedDict()
        self._changed: dict[int, Row] = {}
        """Rows whose numbers were given something else since what is kept was up to date, as they were then."""
        self._kinds: Counter[str] = Counter()
        for row in rows:
            self._put(row)
        self._changed.clear()
        self._orders[Sort.EXPIRY] = self._made(Sort.EXPIRY)

    def __len__(self) -> int:
        return len(self._numbers)

    @property
    def rows(self) -> list[Row]:
        """All of them, in no order."""
        return [row for row in self._rows if row is not _NOBODY]

    def get(self, target: str) -> Row | None:
        """One of them."""
        number = self._numbers.get(target)
        return None if number is None else self._rows[number]

    def put(self, row: Row) -> None:
        """This is how the row is now."""
        self._put(row)
        self._settle_many()

    def _put(self, row: Row) -> None:
        number = self._numbers.get(row.target)
        if number is None:
            number = self._free.pop() if self._free else len(self._rows)
            self._numbers[row.target] = number
            self._kinds[_kind(row)] += 1
            if number == len(self._rows):
                self._rows.append(_NOBODY)
                self._texts.append("")
        self._set(number, row)

    def drop(self, target: str) -> Row | None:
        """Forget a row, and say what it was; None where there was none."""
        number = self._numbers.pop(target, None)
        if number is None:
            return None
        row = self._rows[number]
        self._kinds[_kind(row)] -= 1
        self._set(number, _NOBODY)
        self._free.append(number)
        self._settle_many()
        return row

    def page(self, query: Query, now: datetime) -> Page:
        """As `query.page`, but for filters about time, whose rows may be those of up to `TIMED_FOR` ago.

        Raises UsageError for a page that cannot be.
        """
        check_page(query)
        if query.targets:
            found = (self.get(target) for target in query.targets)
            return page((row for row in found if row is not None), query, now)
        self._settle()
        keys = self._keys(query, now)
        place = self._place(query, keys)
        begin = query.begin(place)
        cut = descending(keys, begin, query.limit) if query.descending else keys[begin : begin + query.limit]
        prefix = KINDS.get(query.view, "")
        return Page(
            rows=tuple([self._rows[key[-1]] for key in cut]),
            matching=len(keys),
            total=self._kinds[prefix] if prefix else len(self),
            place=place,
        )

    def _place(self, query: Query, keys: list[Key]) -> int | None:
        number = self._numbers.get(query.around) if query.around else None
        if number is None:
            return None
        key = (*KEYS[query.sort](self._rows[number]), number)
        return place_in(keys, key, turned=query.descending)

    def _set(self, number: int, row: Row) -> None:
        self._changed.setdefault(number, self._rows[number])
        self._rows[number] = row
        self._texts[number] = text_of(row)

    def _settle_many(self) -> None:
        """Work changes in when they are many, and more than a share of all: not all again and again while they come."""
        if len(self._changed) > max(_FEWEST, len(self._rows) // 8):
            self._settle()

    def _keys(self, query: Query, now: datetime) -> list[Key]:
        text = query.filter.strip()
        if not text and not query.only_trouble and query.view not in KINDS:
            return self._order(query.sort)
        which = (query.view, text, query.only_trouble, query.sort)
        selection = self._selections.get(which)
        if selection is None or (selection.timed and not timedelta(0) <= now - selection.at < TIMED_FOR):
            selection = self._selections[which] = self._select(query, now)
        self._selections.move_to_end(which)
        while len(self._selections) > SELECTIONS:
            self._selections.popitem(last=False)
        return selection.keys

    def _select(self, query: Query, now: datetime) -> _Selection:
        found = Filter.parse(query.filter)
        match, prefix = found.at(now), KINDS.get(query.view, "")
        # In the order in which they came, which is that of the memory they are in: several times faster than sorted
        numbers: Iterable[int] = range(len(self._rows))
        if prefix:
            numbers = [number for number, row in enumerate(self._rows) if row.target.startswith(prefix)]
        numbers = match.narrow(numbers, self._rows, self._texts)
        if query.only_trouble:
            numbers = [number for number in numbers if in_trouble(self._rows[number])]
        chosen = bytearray(len(self._rows))
        for number in numbers:
            chosen[number] = 1
        keys = [key for key in self._order(query.sort) if chosen[key[-1]]]
        return _Selection(match, query.only_trouble, prefix, now, found.timed, keys)

    def _order(self, sort: Sort) -> list[Key]:
        if sort not in self._orders:
            self._orders[sort] = self._made(sort)
        self._orders.move_to_end(sort)
        self._orders.move_to_end(Sort.EXPIRY)  # which others are made from, and every console begins with
        while len(self._orders) > ORDERS:
            self._orders.popitem(last=False)
        return self._orders[sort]

    def _made(self, sort: Sort) -> list[Key]:
        if sort in OF_EACH_SOONEST:
            return numbered_from_expiry(self._order(Sort.EXPIRY), self._rows, sort)
        return numbered_keys([(self._rows[number], number) for number in self._numbers.values()], sort)

    def _settle(self) -> None:
        """Bring all that is kept up to date."""
        changes = [(number, was, self._rows[number]) for number, was in self._changed.items()]
        self._changed = {}
        if not changes:
            return
        for sort, order in self._orders.items():
            key = KEYS[sort]
            pairs = [
                (
                    (*key(was), number) if was is not _NOBODY else None,
                    (*key(row), number) if row is not _NOBODY else None,
                )
                for number, was, row in changes
            ]
            self._orders[sort] = _replaced(order, pairs)
        for (_, _, _, sort), selection in self._selections.items():
            key, keys = KEYS[sort], selection.keys
            pairs = []
            for number, was, row in changes:
                before = (*key(was), number)
                place = bisect_left(keys, before)
                there = place < len(keys) and keys[place] == before
                shown = row is not _NOBODY and selection.has(row, self._texts[number])
                pairs.append((before if there else None, (*key(row), number) if shown else None))
            selection.keys = _replaced(keys, pairs)


def _replaced(keys: list[Key], pairs: list[tuple[Key | None, Key | None]]) -> list[Key]:
    """Sorted keys, each one of `pairs` that was there replaced by the other one of its pair."""
    different = [(before, after) for before, after in pairs if before != after]
    removed = [before for before, _ in different if before is not None]
    return moved(keys, removed, [after for _, after in different if after is not None])


def _kind(row: Row) -> str:
    kind, slash, _ = row.target.partition("/")
    return kind + slash
