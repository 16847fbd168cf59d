"""The rows that the console has, and their order in the list. Free of Textual, so that it can be read and tested alone.

The order is kept as a sorted list of keys: a change moves one key, a cursor is found again by bisection, and
nothing is sorted anew unless the question changes (view, filter).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from meshtui.mesh.query import Words, in_view, sort_key
from meshtui.mesh.rows import Row, Sort, View

_SORT_ANEW_FROM = 200
"""Changes at once from which sorting a nearly sorted list beats moving its keys one by one."""


@dataclass(frozen=True)
class Changes:
    """What an update did: each row as it was and is (None: it was not, is not there), and whether the order changed."""

    rows: tuple[tuple[Row | None, Row | None], ...] = ()
    reordered: bool = False


class RowStore:
    """Rows by target, and an order of those that the view and the filter let through."""

    def __init__(self, sort: Sort = Sort.EXPIRY) -> None:
        self._sort = sort
        self._rows: dict[str, Row] = {}
        self._order: list[tuple[Any, ...]] = []
        self._total = 0
        self._view = View.IDENTITIES
        self._filter = ""
        self._words = Words.parse("")

    @property
    def view(self) -> View:
        """Which rows the order is of."""
        return self._view

    @property
    def filter(self) -> str:
        """What was typed."""
        return self._filter

    @property
    def total(self) -> int:
        """Rows of the view, filtered or not."""
        return self._total

    def __len__(self) -> int:
        """Rows in the order."""
        return len(self._order)

    def __iter__(self) -> Iterator[Row]:
        """Rows in their order."""
        return (self._rows[key[-1]] for key in self._order)

    def at(self, index: int) -> Row:
        """The row at a place of the order; raises IndexError."""
        return self._rows[self._order[index][-1]]

    def get(self, target: str) -> Row | None:
        """The row of a target, in the order or not."""
        return self._rows.get(target)

    def place_of(self, target: str) -> int | None:
        """The place of a target in the order; None when it is not in it."""
        row = self._rows.get(target)
        if row is None:
            return None
        key = sort_key(row, self._sort)
        place = bisect_left(self._order, key)
        return place if self._order[place : place + 1] == [key] else None

    def arrange(self, view: View, text: str) -> None:
        """Let another view or filter decide what is in the order."""
        self._view, self._filter, self._words = view, text, Words.parse(text)
        of_view = [row for row in self._rows.values() if in_view(row, view)]
        self._total = len(of_view)
        chosen = filter(self._words.match, of_view) if self._words else of_view
        self._order = sorted(sort_key(row, self._sort) for row in chosen)

    def update(self, rows: Iterable[Row] = (), gone: Iterable[str] = ()) -> Changes:
        """Take rows that are new or different, and forget targets that are gone. Of two rows of a target, the last."""
        latest = {row.target: row for row in rows}
        changed: list[tuple[Row | None, Row | None]] = [
            (before, row) for row in latest.values() if (before := self._rows.get(row.target)) != row
        ]
        self._rows.update(latest)
        vanished = [self._rows.pop(target) for target in set(gone) - latest.keys() if target in self._rows]
        changed += [(row, None) for row in vanished]
        return Changes(rows=tuple(changed), reordered=self._reorder(changed))

    def _reorder(self, changed: list[tuple[Row | None, Row | None]]) -> bool:
        removed, added = [], []
        for before, after in changed:
            self._total += self._is_of_view(after) - self._is_of_view(before)
            old, new = self._key(before), self._key(after)
            if old != new:
                removed += [old] if old else []
                added += [new] if new else []
        if len(removed) + len(added) > _SORT_ANEW_FROM:
            out = set(removed)
            self._order = sorted([key for key in self._order if key not in out] + added)
        else:
            for key in removed:
                del self._order[bisect_left(self._order, key)]
            for key in added:
                insort(self._order, key)
        return bool(removed or added)

    def _is_of_view(self, row: Row | None) -> bool:
        return row is not None and in_view(row, self._view)

    def _key(self, row: Row | None) -> tuple[Any, ...] | None:
        """The key of a row in the order; None when it has no place in it."""
        if row is None or not in_view(row, self._view) or (self._words and not self._words.match(row)):
            return None
        return sort_key(row, self._sort)
