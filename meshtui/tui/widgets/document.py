"""A page of text that scrolls: detail, verification, help, plan. It asks for its lines whenever its width is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import Reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from meshtui.present.tones import Line
from meshtui.tui.keys import bound
from meshtui.tui.widgets.toned import Toned

Page = Callable[[int], Sequence[Line]]
"""The lines of a page for a width."""


class Document(Toned, ScrollView, can_focus=True, inherit_bindings=False):
    """Lines of a page, painted when they change."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("down", text="line down"),
        bound("up", text="line up"),
        bound("page-down", "page(1)"),
        Binding("space", "page(1)"),
        bound("page-up", "page(-1)"),
        bound("half-down", "page(0.5)"),
        bound("half-up", "page(-0.5)"),
        bound("first", "top"),
        bound("last", "bottom"),
    ]

    virtual_size: Reactive[Size] = Reactive(Size(0, 0), layout=False, repaint=False)
    """Width of the page, and all of its lines. There are no scroll bars to lay out when it changes."""

    def __init__(self, page: Page, *, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(id=id)
        self._page = page
        self._lines: tuple[Line, ...] = ()

    def show(self, page: Page | None = None) -> None:
        """Show another page, or the same one again because something in it may have changed."""
        self._page = page or self._page
        if not self.size.width:
            return  # not laid out yet; `on_resize` comes back
        before, self._lines = self._lines, tuple(self._page(self.size.width))
        if before != self._lines:
            self.virtual_size = Size(self.size.width, len(self._lines))
            self.scroll_to(y=self.scroll_offset.y, animate=False, force=True)
            self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        """Fold the page for the new width."""
        self.show()
        self.refresh()

    def render_line(self, y: int) -> Strip:
        """Draw one line."""
        y += self.scroll_offset.y
        return self.strip_of(self._lines[y] if y < len(self._lines) else (), self.size.width)

    def action_down(self) -> None:
        """Scroll a line down."""
        self.scroll_to(y=self.scroll_target_y + 1, animate=False, force=True)

    def action_up(self) -> None:
        """Scroll a line up."""
        self.scroll_to(y=self.scroll_target_y - 1, animate=False, force=True)

    def action_page(self, pages: float) -> None:
        """Scroll by a share of the height."""
        self.scroll_to(y=self.scroll_target_y + int(pages * (self.size.height - 1)), animate=False, force=True)

    def action_top(self) -> None:
        """Scroll to the first line."""
        self.scroll_to(y=0, animate=False, force=True)

    def action_bottom(self) -> None:
        """Scroll to the last line."""
        self.scroll_to(y=self.virtual_size.height, animate=False, force=True)
