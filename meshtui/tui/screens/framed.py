"""The frame that screens share: header, status and footer around a body."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from meshtui.present.cells import line_width
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board, Told
from meshtui.tui.header import guard_piece, header_line
from meshtui.tui.keys import ALWAYS
from meshtui.tui.status import status_lines
from meshtui.tui.verbs import keys_line
from meshtui.tui.widgets.lines import Lines
from meshtui.tui.widgets.prompt import Prompt
from meshtui.tui.widgets.row_store import Changes

LEAST_WIDTH, LEAST_HEIGHT = 40, 8
"""Cells below which a screen says so instead of breaking."""

SHORT_HEIGHT = 18
"""Lines below which a screen gives up its blank lines and what is said below the list."""


class Framed(Screen[None], inherit_bindings=False):
    """A screen over the board. Its body and its row are its own; the rest is here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark", "help", "help", group=ALWAYS),
        Binding("ctrl+r", "app.reopen", "read everything again", group=ALWAYS),
        Binding("q", "app.quit", "quit", group=ALWAYS),
    ]

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (("?", "help"), ("q", "quit"))
    """Keys and words that the footer shows, the most wanted first."""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board
        self._parts = 0

    # What a screen has of its own.

    @property
    def crumbs(self) -> tuple[str, ...]:
        """Where one is."""
        raise NotImplementedError

    @property
    def count(self) -> str:
        """What stands behind the crumbs."""
        return ""

    def keys(self, width: int) -> Line:
        """The footer: keys that work here."""
        return keys_line(self.FOOTER, width)

    def body(self) -> ComposeResult:
        """The widgets between header and status."""
        raise NotImplementedError

    def board_changed(self, changes: Changes) -> None:  # noqa: ARG002 - for the screens that show rows
        """The board changed. Screens add what they show of it."""
        self.refresh_frame()

    def activity_changed(self) -> None:
        """Policies, traffic or the audit are different. Screens that show them read them again."""

    def tick(self) -> None:
        """A second has passed. Screens add what they show of the time."""
        self.refresh_frame()

    # The frame.

    def compose(self) -> ComposeResult:
        """Lay out the frame."""
        yield Lines(id="too-small", at_least=2)
        yield Lines(id="header")
        yield from self.body()
        yield Lines(id="status")
        yield Prompt(id="footer")

    @property
    def is_whole(self) -> bool:
        """Whether all parts are there: not before it is mounted, and not while it is taken apart at the end."""
        return self.is_mounted and len(self.children) >= self._parts

    def on_mount(self) -> None:
        """Show what is known, and keep what depends on the time up to date."""
        self._parts = len(self.children)
        self.board_changed(Changes())
        self.set_interval(1.0, self._tick)

    def on_resize(self, event: events.Resize) -> None:
        """Give up what there is no room for."""
        self.set_class(event.size.width < LEAST_WIDTH or event.size.height < LEAST_HEIGHT, "-too-small")
        self.set_class(event.size.height < SHORT_HEIGHT, "-short")
        self.refresh_frame(event.size.width)

    def on_screen_resume(self) -> None:
        """Catch up with what happened behind another screen."""
        self.board.take_back()
        self.board_changed(Changes())

    def on_key(self, event: events.Key) -> None:
        """While something is being typed, keys are text."""
        if (prompt := self.query_one("#footer", Prompt)).asks:
            prompt.take_key(event)

    def on_paste(self, event: events.Paste) -> None:
        """While something is being typed, pasted text belongs to it."""
        if (prompt := self.query_one("#footer", Prompt)).asks:
            prompt.take_paste(event)

    def refresh_frame(self, width: int = 0) -> None:
        """Show header, status and footer as they are now."""
        if not self.is_whole:
            return
        width = width or self.size.width
        board = self.board
        self.lines("header").show([header_line(self.crumbs, self.count, board, width)])
        self.lines("status").show(status_lines(board.said, width, board.glyphs))
        guard = guard_piece(board)
        self.query_one("#footer", Prompt).show_keys((*guard, *self.keys(width - line_width(guard))))
        too_small = (f"{width}x{self.size.height} is too small", f"{LEAST_WIDTH}x{LEAST_HEIGHT} at least")
        self.lines("too-small").show([(Piece(text, Tone.WARN),) for text in too_small])

    def say(self, told: Told | None) -> None:
        """Put a sentence on the status line, or clear it."""
        self.board.said = told
        self.refresh_frame()

    def _tick(self) -> None:
        if self.is_current:
            self.tick()

    def lines(self, name: str) -> Lines:
        """A part of the screen, by its name."""
        return self.query_one(f"#{name}", Lines)

    # Other screens.

    async def action_help(self) -> None:
        """Show the keys that work here."""
        from meshtui.tui.screens.help import HelpScreen  # noqa: PLC0415 - a start need not wait for it

        await self.open(HelpScreen(self.active_bindings.values(), self.board.glyphs))

    async def open(self, screen: Screen[None]) -> None:
        """Put another screen on top of this one, painting once rather than for each step of its making."""
        self.board.take_back()
        with self.app.batch_update():
            self.refresh_frame()  # a dialog leaves it in sight
            await self.app.push_screen(screen)
