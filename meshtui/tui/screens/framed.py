"""The frame that screens share: header, status and footer around a body, and the keys that act on a row."""

from __future__ import annotations

from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen

from meshtui.errors import MeshError, UnreachableError
from meshtui.mesh.actions import Issue, Rotate, Undo
from meshtui.mesh.rows import Row
from meshtui.present.tones import Piece, Tone
from meshtui.tui.board import Board, Told
from meshtui.tui.header import header_line
from meshtui.tui.keys import ALWAYS, THIS_ROW
from meshtui.tui.messages import Failed
from meshtui.tui.status import status_lines
from meshtui.tui.verbs import footer_line, verbs
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
        Binding("i", "issue", "issue the first one", group=THIS_ROW),
        Binding("r", "rotate", "rotate: a new key too", group=THIS_ROW),
        Binding("u", "undo", "undo: the one before", group=THIS_ROW),
        Binding("v", "verify", "verify to the wire", group=THIS_ROW),
        Binding("question_mark", "help", "help", group=ALWAYS),
        Binding("ctrl+r", "app.reopen", "read everything again", group=ALWAYS),
        Binding("q", "app.quit", "quit", group=ALWAYS),
    ]

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (("?", "help"), ("q", "quit"))
    """Keys and words that the footer shows beside the verbs."""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board

    # What a screen has of its own.

    @property
    def crumbs(self) -> tuple[str, ...]:
        """Where one is."""
        raise NotImplementedError

    @property
    def count(self) -> str:
        """What stands behind the crumbs."""
        return ""

    @property
    def row(self) -> Row | None:
        """What the verbs act on."""
        raise NotImplementedError

    def body(self) -> ComposeResult:
        """The widgets between header and status."""
        raise NotImplementedError

    def board_changed(self, changes: Changes) -> None:  # noqa: ARG002 - for the screens that show rows
        """The board changed. Screens add what they show of it."""
        self.refresh_frame()

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

    def on_mount(self) -> None:
        """Show what is known, and keep what depends on the time up to date."""
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
        if not self.is_mounted:
            return
        width = width or self.size.width
        board = self.board
        self.lines("header").show([header_line(self.crumbs, self.count, board, width)])
        self.lines("status").show(status_lines(board.said, width, board.glyphs))
        self.query_one("#footer", Prompt).show_keys(footer_line(self.row, board, self.FOOTER, width))
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

    # The verbs.

    def action_issue(self) -> None:
        """Plan an issue for the row."""
        if row := self._ready("issue"):
            self._plan(Issue(targets=(row.target,)))

    def action_rotate(self) -> None:
        """Plan a rotation of the row."""
        if row := self._ready("rotate"):
            self._plan(Rotate(targets=(row.target,)))

    def action_undo(self) -> None:
        """Plan to bring back the certificate before."""
        if row := self._ready("undo"):
            self._plan(Undo(target=row.target))

    async def action_verify(self) -> None:
        """Look at every check of the row."""
        if row := self._ready("verify"):
            await self.verify(row)

    async def verify(self, row: Row) -> None:
        """Show a verification of the row."""
        raise NotImplementedError

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

    def _ready(self, name: str) -> Row | None:
        """The row, if the verb works on it; else say why it does not."""
        reason = next(verb.reason for verb in verbs(self.row, self.board) if verb.name == name)
        if reason:
            self.say(
                Told(f"{name} does not work here: {reason}.", wrong=True, about=self.row.target if self.row else "")
            )
            return None
        return self.row

    @work(exclusive=True, group="plan")
    async def _plan(self, action: Issue | Rotate | Undo) -> None:
        """Ask the mesh for a plan, and show it to the person, who may confirm it."""
        from meshtui.tui.screens.plan import PlanDialog  # noqa: PLC0415 - a start need not wait for it

        self.say(Told("planning"))
        try:
            if self.board.mesh is None:
                raise UnreachableError("There is no mesh to ask.")
            plan = await self.board.mesh.plan(action)
        except MeshError as error:
            self.app.post_message(Failed(error, about=self.row.target if self.row else ""))
            return
        self.say(None)
        await self.open(PlanDialog(plan, self.board))
