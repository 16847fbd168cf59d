"""The first screen: how the whole mesh stands, what expires next, and what is wrong, each a key away from its page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from msgspec.structs import replace
from textual import events
from textual.app import ComposeResult

from meshtui.errors import MeshError
from meshtui.mesh.interface import Mesh
from meshtui.mesh.overview import Overview
from meshtui.mesh.rows import Row
from meshtui.present.overview import OverviewPage, counts_seconds, overview_page
from meshtui.present.times import counted
from meshtui.present.tones import Line
from meshtui.tui.board import Board, Link
from meshtui.tui.notices import notice_lines
from meshtui.tui.placeholder import error_lines, unopened, waiting
from meshtui.tui.places import Place
from meshtui.tui.screens.fetching import Fetching
from meshtui.tui.screens.filtered import Filtered, Placed
from meshtui.tui.screens.saving import Saving
from meshtui.tui.screens.targeted import Targeted
from meshtui.tui.widgets.lines import Lines
from meshtui.tui.widgets.prompt import Prompt
from meshtui.tui.widgets.row_store import Changes
from meshtui.tui.widgets.spot_page import SpotPage

OLD = timedelta(seconds=10)
"""Age from which it is read, and drawn, again though nothing has changed: shares of lifetimes change by the clock."""


class OverviewScreen(Saving, Targeted, Fetching, Filtered, Placed):
    """A page in parts, with a cursor among the things it names. A filter leads from here to the list of everything."""

    FOLLOWS_THE_BOARD = True
    PACE = 1.0

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("open", "open"),
        (Place.FINDINGS.digit, "findings"),
        ("help", "help"),
        ("filter", "filter"),
        ("command", "command"),
        ("next-view", "view"),
        ("quit", "quit"),
    )

    def __init__(self, board: Board, *, jumps: bool) -> None:
        super().__init__(board)
        self._overview: Overview | None = None
        self._changed_at: datetime | None = None
        """When rows were different last."""
        self._shown_at = board.now()
        self._error: MeshError | None = None
        self._page = SpotPage(self._draw, board.glyphs, jumps=jumps, id="overview")

    # What the frame asks.

    @property
    def place(self) -> Place:
        """Where one is."""
        return Place.OVERVIEW

    @property
    def count(self) -> str:
        """How much there is, and how much of it is in trouble."""
        if (overview := self._overview) is None:
            return ""
        trouble = f"   {counted(overview.troubled)} in trouble" if overview.troubled else ""
        return f"{counted(overview.total)}{trouble}"

    @property
    def target(self) -> str:
        """What the spot under the cursor is about."""
        spot = self._page.selected
        return spot.target if spot is not None else ""

    def row_of(self, target: str) -> Row | None:
        """The row of any target, as far as it is known; some come with the overview."""
        told = self._overview.next if self._overview is not None else ()
        return super().row_of(target) or next((row for row in told if row.target == target), None)

    def body(self) -> ComposeResult:
        """Notices, and the page."""
        yield Lines(id="places")
        yield Lines(id="notices", at_least=0)
        yield self._page

    def board_changed(self, changes: Changes) -> None:
        """Rows that it names may be different."""
        if changes.rows:
            self._changed_at = self.board.now()
        super().board_changed(changes)
        self._show()

    def tick(self) -> None:
        """Show what depends on the time."""
        super().tick()
        now, overview = self.board.now(), self._overview
        if overview is None or counts_seconds(overview, now) or not timedelta(0) <= now - self._shown_at < OLD:
            self._show()
        if overview is not None and now - overview.at >= OLD:
            self.want()

    def on_resize(self, _event: events.Resize) -> None:
        """Fold what stands above it for the new width."""
        self.call_after_refresh(self._show)

    # Reading.

    async def fetch(self, mesh: Mesh) -> Overview:
        """The newest one."""
        return await mesh.overview()

    def fetched(self, content: Overview) -> None:
        """Show how things stand now. One that was made before the last change is only for the time being."""
        self._overview, self._error = content, None
        if self._changed_at is not None and content.at < self._changed_at:
            self.is_stale = True
        self.refresh_frame()
        self._show()

    def missed(self, error: MeshError) -> None:
        """Say why nothing new is there."""
        self._error = error
        if self._overview is not None:
            self.board.say(error)
        self.refresh_frame()
        self._show()

    # What is pressed.

    def on_cursor_list_moved(self) -> None:
        """The cursor is on another spot."""
        self.moved()

    async def on_spot_page_opened(self, message: SpotPage.Opened) -> None:
        """Enter: everything about the certificate, the authority, or what is wrong."""
        await self.open_about(message.spot.target, message.spot.finding)

    @property
    def filter(self) -> str:
        """What is typed begins with nothing."""
        return ""

    def narrow(self, text: str) -> None:
        """Nothing is left out here."""

    async def on_prompt_submitted(self, message: Prompt.Submitted) -> None:
        """What was typed filters the list of everything."""
        if message.sign == "/" and message.text.strip():
            await self.run_action(f"app.place('{Place.IDENTITIES}')")
            found = self.app.screen
            assert isinstance(found, Filtered)  # every list is
            found.narrow(message.text)

    def action_clear(self) -> None:
        """Clear what is in the way: notices, then what was said."""
        if self.board.notices:
            self.board.dismissed = self.board.notices
            self._show()
        else:
            self.say(None)

    # Showing.

    def _show(self) -> None:
        if self.is_mounted:
            self._shown_at = self.board.now()
            notices = notice_lines(self.board, self.size.width)
            self.lines("notices").show(notices)
            self.lines("notices").set_class(bool(notices), "-any")
            self._page.show()

    def _draw(self, width: int, height: int) -> OverviewPage:
        board = self.board
        if board.link is Link.CLOSED and board.error is not None:
            return OverviewPage(((), *unopened(board.error, board.glyphs, width - 4)))
        if (overview := self._overview) is None:
            return OverviewPage(((), *self._waiting(width)))
        newest = tuple(board.store.get(row.target) or row for row in overview.next)
        return overview_page(replace(overview, next=newest), board.now(), width, height, board.glyphs)

    def _waiting(self, width: int) -> list[Line]:
        board = self.board
        if self._error is not None:
            return error_lines(self._error, board.glyphs, width - 4)
        return [waiting(board.opening if board.link is Link.OPENING else "reading", board.glyphs)]
