"""A page with a cursor that steps from spot to spot: the overview. It asks for its page whenever its size is known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.strip import Strip

from meshtui.present.glyphs import Glyphs
from meshtui.present.overview import MARGIN, OverviewPage, Spot
from meshtui.present.tones import Piece, Tone
from meshtui.tui.widgets.cursor_list import CursorList
from meshtui.tui.widgets.row_list import ARRIVAL

Draw = Callable[[int, int], OverviewPage]
"""The page for a width and a height."""


class SpotPage(CursorList):
    """Lines of a page, painted when they change; the cursor stays on its spot."""

    @dataclass
    class Opened(Message):
        """A spot is to be looked at."""

        spot: Spot

    def __init__(self, draw: Draw, glyphs: Glyphs, *, jumps: bool, id: str) -> None:  # noqa: A002
        super().__init__(jumps=jumps, id=id)
        self._draw = draw
        self._glyphs = glyphs
        self._page = OverviewPage()
        self._key = ""
        self._arriving = True
        """Until a key moves the cursor or the first rows have had a moment to come: it is on what comes first."""

    def __len__(self) -> int:
        """Spots."""
        return len(self._page.spots)

    @property
    def selected(self) -> Spot | None:
        """The spot under the cursor."""
        spots = self._page.spots
        return spots[self._cursor] if self._cursor < len(spots) else None

    def show(self) -> None:
        """Draw the page again, because something in it may be different."""
        if not self.size.width:
            return  # not laid out yet; `on_resize` comes back
        before, page = self._page, self._draw(self.size.width, self.size.height)
        if page == before:
            return
        spot, key, self._page = self.selected, self._key, page
        keys = [each.key for each in page.spots]
        if keys and not self._key:
            self.set_timer(ARRIVAL, self.steered)
        if self._arriving:
            self._cursor = page.begin
        elif self._key in keys:
            self._cursor = keys.index(self._key)
        self._cursor = min(self._cursor, max(len(keys) - 1, 0))
        self.remember()
        self.virtual_size = Size(self.size.width, len(page.lines))
        if self._keep_in_view() or self.selected != spot or len(before.lines) != len(page.lines):
            self.refresh()
        else:
            for y, (old, new) in enumerate(zip(before.lines, page.lines, strict=True)):
                if old != new:
                    self.refresh_line(y)
        if self._key != key:
            self.post_message(self.Moved())

    def on_resize(self, _event: events.Resize) -> None:
        """Draw it for the new size."""
        self._page = OverviewPage()
        self.show()

    # The cursor.

    def steered(self) -> None:
        """What arrives no longer moves the cursor."""
        self._arriving = False

    def remember(self) -> None:
        """The cursor belongs to this spot."""
        spot = self.selected
        self._key = spot.key if spot is not None else self._key

    def action_open(self) -> None:
        """Look at the spot under the cursor."""
        if self.selected is not None:
            self.post_message(self.Opened(self.selected))

    def action_page(self, pages: float) -> None:
        """Move the cursor by as many lines, to the next spot there."""
        if (spot := self.selected) is None:
            return
        aim = spot.line + int(pages * max(self.size.height - 1, 1))
        spots = self._page.spots
        self.go(min(range(len(spots)), key=lambda place: abs(spots[place].line - aim)))

    def go(self, place: int) -> None:
        """Move the cursor to a spot, or as near as there is one; at the ends the rest of the page comes into view."""
        self.steered()
        before, self._cursor = self.selected, min(max(place, 0), max(len(self) - 1, 0))
        self.remember()
        if not self._keep_in_view():
            for spot in (before, self.selected):
                for line in range(spot.line, spot.line + spot.height) if spot is not None else ():
                    self.refresh_line(line)
        if self.selected != before:
            self.post_message(self.Moved())

    def _keep_in_view(self) -> bool:
        """Scroll until the spot is in view, and what is above the first one or below the last; whether it did."""
        spot, top, height = self.selected, self.scroll_offset.y, max(self.size.height, 1)
        if spot is None:
            return False
        end, last = spot.line + spot.height, len(self._page.lines) - height
        if self._cursor == 0:
            aim = max(end - height, 0)
        elif self._cursor == len(self) - 1:
            aim = min(max(last, end - height, 0), spot.line)
        else:
            aim = min(max(top, end - height), spot.line)
        self.scroll_to(y=aim, animate=False, force=True)
        return aim != top

    # Drawing.

    def render_line(self, y: int) -> Strip:
        """Draw one line; on that of the cursor its spot stands out."""
        y += self.scroll_offset.y
        width = self.size.width
        if y >= len(self._page.lines):
            return self.strip_of((), width)
        line, spot = self._page.lines[y], self.selected
        strip = self.strip_of(line, width)
        if spot is None or not spot.line <= y < spot.line + spot.height:
            return strip
        sign = f"{self._glyphs.cursor if y == spot.line else ' '} "
        over, start, end = self.palette.cursor, spot.start, spot.start + spot.width
        marked = self.strip_of((Piece(sign, Tone.BUSY),), MARGIN, over)
        lit = self.strip_of(line, width, over).crop(start + MARGIN, end)
        return Strip.join([strip.crop(0, start), marked, lit, strip.crop(end, width)]).simplify()
