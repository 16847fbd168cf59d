"""The items of a list and the order of those that a filter lets through. Free of Textual.

Their order is that in which they came: whoever reads them sorts them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from meshtui.mesh.words import Words

T = TypeVar("T")


class ItemStore(Generic[T]):
    """A few thousand items at most; all of them are replaced at once."""

    def __init__(self, key: Callable[[T], str], text: Callable[[T], str]) -> None:
        self._key = key
        self._text = text
        self._items: Sequence[T] = ()
        self._shown: Sequence[T] = ()
        self._places: dict[str, int] = {}
        self._filter = ""

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
        self._filter = text
        words = Words.parse(text)
        self._shown = [item for item in self._items if words.in_text(self._text(item))] if words else self._items
        self._places = {self._key(item): place for place, item in enumerate(self._shown)}

    def replace(self, items: Sequence[T]) -> bool:
        """Take these items in place of all; whether anything is different."""
        if items == self._items:
            return False
        self._items = items
        self.arrange(self._filter)
        return True
