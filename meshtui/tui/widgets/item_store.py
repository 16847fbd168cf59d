"""The items of a list and the order of those that a filter lets through. Free of Textual.

Their order is that in which they came: whoever reads them sorts them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Generic, TypeVar

from meshtui.mesh.filter import Filter
from meshtui.mesh.filter_fields import Language

T = TypeVar("T")


class ItemStore(Generic[T]):
    """A few thousand items at most; all of them are replaced at once."""

    def __init__(self, key: Callable[[T], str], language: Language[T], now: Callable[[], datetime]) -> None:
        self._key = key
        self._language = language
        self._now = now
        self._items: Sequence[T] = ()
        self._shown: Sequence[T] = ()
        self._places: dict[str, int] = {}
        self._filter = ""
        self._found = Filter.parse("", language)

    @property
    def filter(self) -> str:
        """What was typed."""
        return self._filter

    @property
    def total(self) -> int:
        """Items, filtered or not."""
        return len(self._items)

    def __len__(self) -> int:
        """Items that pass the filter."""
        return len(self._shown)

    def at(self, place: int) -> T | None:
        """The item at a place; None when there is none."""
        return self._shown[place] if 0 <= place < len(self._shown) else None

    def key_of(self, item: T) -> str:
        """What tells the item from all others."""
        return self._key(item)

    def place_of(self, key: str) -> int | None:
        """Where the item of a key is; None when it is gone or filtered out."""
        return self._places.get(key)

    def arrange(self, text: str) -> None:
        """Let another filter decide what is shown."""
        self._filter, self._found = text, Filter.parse(text, self._language)
        self._select()

    def replace(self, items: Sequence[T]) -> bool:
        """Take these items in place of all; whether anything is different."""
        if items == self._items:
            return False
        self._items = items
        self._select()
        return True

    def tick(self) -> bool:
        """Time has passed; whether a filter that asks for times shows something else now."""
        if not self._found.timed:
            return False
        before = self._shown
        self._select()
        return self._shown != before

    def _select(self) -> None:
        match = self._found.at(self._now())
        self._shown = [item for item in self._items if match.match(item)] if match else self._items
        self._places = {self._key(item): place for place, item in enumerate(self._shown)}
