"""A list of rows with a panel about the row under the cursor beside it, where the terminal is wide enough for both.

What the row says is there at once. Its details are asked for when the cursor has rested: moving it asks nothing.
"""

from __future__ import annotations

from textual import events, work
from textual.timer import Timer

from meshtui.errors import MeshError
from meshtui.mesh.rows import Detail, Row
from meshtui.tui.board import Board, Link
from meshtui.tui.screens.framed import SHORT_HEIGHT
from meshtui.tui.screens.row_screen import RowScreen
from meshtui.tui.widgets.panel import MARGIN, Panel

REST = 0.3
"""Seconds that the cursor is on a row before its details are asked for,"""
PACE = 1.0
"""and at least between two questions about a row that changes all the time."""

LEAST_LIST, LEAST_PANEL, MOST_PANEL = 134, 46, 64
"""Cells: the list keeps all columns that it has without a panel on usual terminals, and gains from where a panel is
wide enough.
"""


def panel_width(width: int) -> int:
    """Cells of the panel beside a list on a screen of `width`; 0 where there is no room for it."""
    left = width - LEAST_LIST
    return min(left, MOST_PANEL) if left >= LEAST_PANEL else 0


class Beside(RowScreen):
    """Yields `panel` beside its list, and calls `refresh_panel` with what else depends on the row."""

    def __init__(self, board: Board) -> None:
        super().__init__(board)
        self.panel = Panel(board.glyphs, id="panel")
        self._detail: Detail | None = None
        self._asked_about: Row | None = None
        """The row whose details were asked for last, as it was then."""
        self._waits_for = ""
        """The target whose details are asked for when the timer ends."""
        self._timer: Timer | None = None
        self._place_of_panel = (0, 0)
        """Lines above it, and its own."""

    @property
    def has_panel(self) -> bool:
        """Whether there is room for it."""
        return panel_width(self.size.width) > 0

    def on_resize(self, event: events.Resize) -> None:
        """Divide the width."""
        super().on_resize(event)
        width = panel_width(event.size.width)
        self.set_class(width > 0, "-panel")
        self.panel.styles.width = width
        for part in self.query("#titles, #rows"):
            part.styles.margin = (0, width, 0, 0)

    def refresh_panel(self) -> None:
        """Show what is known of the row, and see to it that more will be."""
        if not self.has_panel:
            return
        self._place_panel()
        from meshtui.present.panel import panel_lines  # noqa: PLC0415 - only wide terminals have one

        row, detail = self.row, self._detail
        if row is None:
            self.panel.show(())
            return
        if detail is not None and detail.row.target != row.target:
            detail = None
        width, fix_key = panel_width(self.size.width) - MARGIN, self.board.keymap.shown("fix")
        self.panel.show(panel_lines(row, detail, self.board.now(), width, self.board.glyphs, fix_key=fix_key))
        self._await(row)

    def refresh_frame(self, width: int = 0) -> None:
        """A status that takes more lines takes them from the panel, too."""
        super().refresh_frame(width)
        if self.has_widgets and self.has_panel:
            self._place_panel()

    def _place_panel(self) -> None:
        """Have it begin where the titles do and end where the list does, as the style sheet divides the screen."""
        is_short, notices = self.size.height < SHORT_HEIGHT, len(self.lines("notices").lines)
        above = (1 if is_short else 2) + (notices if is_short or not notices else notices + 1)
        height = max(self.size.height - above - len(self.lines("status").lines) - 1, 1)
        if (above, height) != self._place_of_panel:
            self._place_of_panel = above, height
            self.panel.styles.margin = (above, 0, 0, 0)
            self.panel.styles.height = height

    def _await(self, row: Row) -> None:
        """Ask for details when the cursor has rested on the row."""
        if row == self._asked_about or (self._timer is not None and self._waits_for == row.target):
            return
        if self._timer is not None:
            self._timer.stop()
        is_another = self._asked_about is None or self._asked_about.target != row.target
        self._waits_for = row.target
        self._timer = self.set_timer(REST if is_another else PACE, self._has_rested)

    def _has_rested(self) -> None:
        self._timer, row = None, self.row
        if row is not None and self.is_current and self.board.link is Link.LIVE:
            self._asked_about = row
            self._look_closer(row.target)

    @work(exclusive=True, group="panel")
    async def _look_closer(self, target: str) -> None:
        assert self.board.mesh is not None  # the link is live
        try:
            self._detail = await self.board.mesh.detail(target)
        except MeshError:
            # the status line says it where the mesh is gone; a row that is gone leaves the list
            self._detail = self._asked_about = None
            return
        self.refresh_panel()
