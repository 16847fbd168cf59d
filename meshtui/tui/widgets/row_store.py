"""The rows that the console has, and their order in the list. Free of Textual, so that it can be read and tested alone.

The order is kept as a sorted list of keys: a change moves one key, a cursor is found again by bisection, and
nothing is sorted anew unless the question changes.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from meshtui.mesh.filter import Filter, text_of
from meshtui.mesh.order import descending, place_in, sort_key, sorted_keys
from meshtui.mesh.query import KINDS, in_view
from meshtui.mesh.rows import Row, Sort, View
from meshtui.mesh.trouble import in_trouble

_SORT_ANEW_FROM = 200
"""Changes at once from which sorting a nearly sorted list beats moving its keys one by one."""

_Key = tuple[Any, ...]
"""What a row is sorted by; its target comes last."""


@dataclass(frozen=True)
class Changes:
    """What an update did: each row as it was and is (None: it was not, is not there), and whether the order changed."""

    rows: tuple[tuple[Row | None, Row | None], ...] = ()
    reordered: bool = False


class RowStore:
    """Rows by target, all of them in order, and an order of those that the view and the filter let through."""

    def __init__(self, sort: Sort = Sort.EXPIRY, now: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self._sort = sort
        self._descending = False
        self._only_trouble = False
        self._now = now
        self._rows: dict[str, Row] = {}
        self._all: list[_Key] = []
        self._order: list[_Key] = []
        self._texts: dict[str, str] = {}
        self._total = 0
        self._view = View.IDENTITIES
        self._filter = ""
        self._match = Filter.parse("").at(now())
        """The filter, as of the moment when it was typed: what matches must not change while the order stays."""

    @property
    def view(self) -> View:
        """Which rows the order is of."""
        return self._view

    @property
    def filter(self) -> str:
        """What was typed."""
        return self._filter

    @property
    def sort(self) -> Sort:
        """What the order goes by."""
        return self._sort

    @property
    def descending(self) -> bool:
        """Whether the order is turned round."""
        return self._descending

    @property
    def only_trouble(self) -> bool:
        """Whether rows that are well are left out."""
        return self._only_trouble

    @property
    def total(self) -> int:
        """Rows of the view, filtered or not."""
        return self._total

    def __len__(self) -> int:
        """Rows in the order."""
        return len(self._order)

    def __iter__(self) -> Iterator[Row]:
        """Rows in their order."""
        order = descending(self._order, 0, len(self._order)) if self._descending else self._order
        return (self._rows[key[-1]] for key in order)

    def at(self, index: int) -> Row:
        """The row at a place of the order; raises IndexError."""
        key = descending(self._order, index, 1)[0] if self._descending else self._order[index]
        return self._rows[key[-1]]

    def get(self, target: str) -> Row | None:
        """The row of a target, in the order or not."""
        return self._rows.get(target)

    def place_of(self, target: str) -> int | None:
        """The place of a target in the order; None when it is not in it."""
        row = self._rows.get(target)
        return None if row is None else place_in(self._order, sort_key(row, self._sort), turned=self._descending)

    def arrange(
        self,
        view: View,
        text: str,
        *,
        sort: Sort | None = None,
        descending: bool | None = None,
        only_trouble: bool | None = None,
    ) -> None:
        """Let another question decide what is in the order, and what that is; what is None stays as it was."""
        if sort is not None and sort is not self._sort:
            self._sort = sort
            self._all = sorted_keys(self._rows.values(), sort)
        self._descending = self._descending if descending is None else descending
        self._only_trouble = self._only_trouble if only_trouble is None else only_trouble
        self._view, self._filter, self._match = view, text, Filter.parse(text).at(self._now())
        prefix = KINDS.get(view, "")
        # One tight loop after another: with 100,000 rows, a call for each would be felt at every keystroke
        chosen = [key for key in self._all if key[-1].startswith(prefix)] if prefix else self._all[:]
        self._total = len(chosen)
        if self._match:
            self._read_texts()
            matching = set(self._match.narrow(self._rows, self._rows, self._texts))
            chosen = [key for key in chosen if key[-1] in matching]
        if self._only_trouble:
            chosen = [key for key in chosen if in_trouble(self._rows[key[-1]])]
        self._order = chosen

    def update(self, rows: Iterable[Row] = (), gone: Iterable[str] = ()) -> Changes:
        """Take rows that are new or different, and forget targets that are gone. Of two rows of a target, the last."""
        latest = {row.target: row for row in rows}
        changed: list[tuple[Row | None, Row | None]] = [
            (before, row) for row in latest.values() if (before := self._rows.get(row.target)) != row
        ]
        vanished = [self._rows[target] for target in set(gone) - latest.keys() if target in self._rows]
        changed += [(row, None) for row in vanished]
        self._rows.update(latest)
        for target in (*latest, *(row.target for row in vanished)) if self._texts else ():
            self._texts.pop(target, None)
        for row in vanished:
            del self._rows[row.target]
        self._all = _moved(self._all, [(self._key(before), self._key(after)) for before, after in changed])
        moves = [(self._shown_key(before), self._shown_key(after)) for before, after in changed]
        self._order = _moved(self._order, moves)
        self._total += sum(self._is_of_view(after) - self._is_of_view(before) for before, after in changed)
        return Changes(rows=tuple(changed), reordered=any(before != after for before, after in moves))

    def _is_of_view(self, row: Row | None) -> bool:
        return row is not None and in_view(row, self._view)

    def _key(self, row: Row | None) -> _Key | None:
        return None if row is None else sort_key(row, self._sort)

    def _shown_key(self, row: Row | None) -> _Key | None:
        """The key of a row in the order; None when it has no place in it."""
        return self._key(row) if row is not None and in_view(row, self._view) and self._passes(row) else None

    def _passes(self, row: Row) -> bool:
        return self._match.match(row) and (not self._only_trouble or in_trouble(row))

    def _read_texts(self) -> None:
        """Have the text of every row at hand. Only those who filter pay for it."""
        if len(self._texts) < len(self._rows):
            self._texts |= {row.target: text_of(row) for row in self._rows.values() if row.target not in self._texts}


def _moved(keys: list[_Key], moves: list[tuple[_Key | None, _Key | None]]) -> list[_Key]:
    """Sorted `keys`, each key of `moves` that was in it replaced by the other one of its pair."""
    removed = [before for before, after in moves if before is not None and before != after]
    added = [after for before, after in moves if after is not None and before != after]
    if len(removed) + len(added) > _SORT_ANEW_FROM:
        out = set(removed)
        kept = [key for key in keys if key not in out] if out else keys
        added.sort()
        # The next page of a load comes after all that is there
        follows = not kept or not added or kept[-1] < added[0]
        kept += added
        if not follows:
            kept.sort()
        return kept
    for key in removed:
        del keys[bisect_left(keys, key)]
    for key in added:
        insort(keys, key)
    return keys
