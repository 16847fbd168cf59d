"""A list that was opened from another screen: escape clears what is in the way, then leads back."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual.binding import BindingType

from meshtui.tui.board import Board
from meshtui.tui.keys import bound
from meshtui.tui.listing import Listing
from meshtui.tui.screens.items import ItemsScreen

T = TypeVar("T")


class OpenedItemsScreen(ItemsScreen[T]):
    """`crumbs` is the way here, its own name last."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("leave", "back")]

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("open", "explain"),
        ("back", "back"),
        ("filter", "filter"),
        ("help", "help"),
        ("quit", "quit"),
    )

    def __init__(self, board: Board, listing: Listing[T], crumbs: tuple[str, ...], *, jumps: bool) -> None:
        super().__init__(board, listing, jumps=jumps)
        self._crumbs = crumbs

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The way here."""
        return self._crumbs

    def action_clear(self) -> None:
        """Clear what is in the way; else go back."""
        if self.board.said is None and not self.filter:
            self.action_back()
        else:
            super().action_clear()

    def action_back(self) -> None:
        """Back to where one came from."""
        self.dismiss()
