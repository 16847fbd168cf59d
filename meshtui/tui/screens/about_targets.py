"""A list whose items are each about a target, and read anew while rows change: the keys of rows act on it."""

from __future__ import annotations

from typing import Protocol, TypeVar

from meshtui.tui.screens.filtered import Placed
from meshtui.tui.screens.items import ItemsScreen
from meshtui.tui.screens.targeted import Targeted


class AboutTarget(Protocol):
    """What such a list has in a line."""

    @property
    def target(self) -> str:
        """What it is about; empty where that is no target."""


T = TypeVar("T", bound=AboutTarget)


class AboutTargetsScreen(ItemsScreen[T], Targeted, Placed):
    """What enter opens, and which place it is, is its own."""

    FOLLOWS_THE_BOARD = True
    PACE = 1.0

    @property
    def target(self) -> str:
        """What the item under the cursor is about."""
        return self.selected.target if self.selected is not None else ""

    def on_cursor_list_moved(self) -> None:
        """The cursor is on another item."""
        self.moved()
