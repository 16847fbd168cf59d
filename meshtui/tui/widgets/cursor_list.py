"""The cursor of a list: how it moves, and how the list scrolls with it. What the lines are is said by the lists."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import Reactive
from textual.scroll_view import ScrollView

from meshtui.tui.keys import bound
from meshtui.tui.widgets.toned import Toned


class CursorList(Toned, ScrollView, can_focus=True, inherit_bindings=False):
    """Lines of equal height, one of them under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("down", "move(1)"),
        bound("up", "move(-1)"),
        bound("page-down", "page(1)"),
        bound("page-up", "page(-1)"),
        bound("half-down", "page(0.5)"),
        bound("half-up", "page(-0.5)"),
        bound("first"),
        bound("last"),
        bound("open"),
    ]

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False, repaint=False)
    """Width of the list, and lines of all rows. There are no scroll bars to lay out when it changes."""

    class Moved(Message):
        """The cursor is on another row now."""

    def __init__(self, *, jumps: bool, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._jumps = jumps
        self._cursor = 0

    # What a list says of itself.

    def __len__(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def steered(self) -> None:
        """A key is moving the cursor, to where it will be in a moment."""

    def remember(self) -> None:
        """Keep in mind what is under the cursor now."""
        raise NotImplementedError

    def action_open(self) -> None:
        """Look at the row under the cursor."""
        raise NotImplementedError

    # The cursor.

    def action_move(self, by: int) -> None:
        """Move the cursor by rows."""
        self.go(self._cursor + by)

    def action_page(self, pages: float) -> None:
        """Move the cursor by a share of the height."""
        self.go(self._cursor + int(pages * max(self.size.height - 1, 1)))

    def action_first(self) -> None:
        """Move the cursor to the first row."""
        self.go(0)

    def action_last(self) -> None:
        """Move the cursor to the last row."""
        self.go(len(self) - 1)

    def go(self, place: int) -> None:
        """Move the cursor to a place, or as near as there is one."""
        self.steered()
        place = min(max(place, 0), max(len(self) - 1, 0))
        if place == self._cursor:
            return
        before, self._cursor = self._cursor, place
        self.remember()
        if not self.bring_into_view():
            self.refresh_line(before)
            self.refresh_line(place)
        self.post_message(self.Moved())

    def resize_to_rows(self) -> None:
        """There are more rows or fewer, or the width is another."""
        self.virtual_size = Size(self.size.width, len(self))

    def keep_line(self, above: int) -> None:
        """Scroll so that the cursor's line stays `above` lines below the top, where the eye is."""
        self.scroll_to(y=self._cursor - above, animate=False, force=True)
        self.bring_into_view()

    def bring_into_view(self) -> bool:
        """Scroll until the cursor is in view; by half a page at the edge of a slow link, which repaints everything."""
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        jump = height // 2 if self._jumps else 0
        if self._cursor < top:
            self.scroll_to(y=self._cursor - jump, animate=False, force=True)
        elif self._cursor >= top + height:
            self.scroll_to(y=self._cursor - height + 1 + jump, animate=False, force=True)
        else:
            return False
        return True
