"""The frame that screens share: header, status and footer around a body."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import ModalScreen, Screen

from meshtui.keymap import ACTIONS
from meshtui.mesh.filter_fields import Language
from meshtui.present.cells import line_width
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board, Told
from meshtui.tui.header import guard_piece, header_line
from meshtui.tui.keys import VIEWS, bound
from meshtui.tui.messages import Led
from meshtui.tui.places import DIGITS
from meshtui.tui.screens.commanding import Commanding
from meshtui.tui.status import status_lines
from meshtui.tui.verbs import keys_line
from meshtui.tui.widgets.lines import Lines
from meshtui.tui.widgets.prompt import Prompt
from meshtui.tui.widgets.row_store import Changes

LEAST_WIDTH, LEAST_HEIGHT = 40, 8
"""Cells below which a screen says so instead of breaking."""

SHORT_HEIGHT = 18
"""Lines below which a screen gives up its blank lines and what is said below the list."""


class Framed(Commanding, inherit_bindings=False):
    """A screen over the board. Its body and its row are its own; the rest is here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        *DIGITS,
        bound("command"),
        bound("palette"),
        bound("place-before", "app.travel_back"),
        bound("place-after", "app.travel_forward"),
        bound("last-place", "app.travel_to_last"),
        bound("help"),
        bound("read-again", "app.reopen"),
        bound("quit", "app.quit"),
    ]

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (("help", "help"), ("quit", "quit"))
    """Actions whose keys the footer shows, and words for them, the most wanted first."""

    def __init__(self, board: Board) -> None:
        super().__init__()
        self.board = board
        self._parts = 0
        for index, saved in enumerate(board.saved):
            if saved.digit:
                digit, name = str(saved.digit), board.glyphs.show(saved.name)
                binding = Binding(digit, f"app.saved({index})", name, group=VIEWS)
                self._bindings.key_to_bindings[digit] = [binding]

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
        return keys_line(self.footer, width)

    @property
    def footer(self) -> tuple[tuple[str, str], ...]:
        """Keys and words of the footer, as the keys are now."""
        shown = self.board.keymap.shown
        return tuple(
            (" ".join(shown(name) if name in ACTIONS else name for name in names.split()), word)
            for names, word in self.FOOTER
        )

    @property
    def language(self) -> Language[Any] | None:
        """What a filter can ask of what is listed; None where nothing is."""
        return None

    def up(self) -> None:
        """Go to what is above this screen, if anything is."""

    def why_not(self, action: str) -> str:  # noqa: ARG002 - for the screens that act on rows
        """Why an action of this screen does not work now; empty when it does."""
        return ""

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
    def has_widgets(self) -> bool:
        """Whether all parts are there: not before it is mounted, and not while it is taken apart at the end."""
        return self.is_mounted and self.app.is_running and len(self.children) >= self._parts

    @property
    def is_current(self) -> bool:
        """Whether it is seen: on top, or below dialogs alone. Textual takes what lies below a page for seen as well,
        and paints the whole page again for whatever changes there.
        """
        stack = self.app.screen_stack
        return self in stack and all(isinstance(above, ModalScreen) for above in stack[stack.index(self) + 1 :])

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

    async def on_event(self, event: events.Event) -> None:
        """Keys typed right behind a digit are for the place that it leads to: they wait until that is there."""
        if not isinstance(event, events.Key) or self.query_one("#footer", Prompt).asks:
            await super().on_event(event)
        elif self.board.held is not None:
            self.board.held.append((event.key, event.character))
        elif event.key.isdigit():
            self.board.held = []
            await super().on_event(event)
            self.app.post_message(Led())  # behind the digit itself, which the app has yet to act on
        else:
            await super().on_event(event)

    def on_key(self, event: events.Key) -> None:
        """While something is being typed, keys are text.

        Typing begins before the next key is looked at: what is typed fast, or pasted, belongs to it. As bindings alone
        the keys that begin it would take effect only after those behind them had passed this screen.
        """
        if (prompt := self.query_one("#footer", Prompt)).asks:
            prompt.take_key(event)
        elif event.key in self.board.keymap.keys("command"):
            self.action_command()
            event.stop()
            event.prevent_default()

    def on_paste(self, event: events.Paste) -> None:
        """While something is being typed, pasted text belongs to it."""
        if (prompt := self.query_one("#footer", Prompt)).asks:
            prompt.take_paste(event)

    def refresh_frame(self, width: int = 0) -> None:
        """Show header, status and footer as they are now."""
        if not self.has_widgets:
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

    # Commands.

    async def action_palette(self) -> None:
        """Show all that can be done here."""
        from meshtui.tui.screens.palette import Choice, PaletteScreen, choices  # noqa: PLC0415 - as for help

        async def do(choice: Choice | None) -> None:
            if choice is not None:
                # this screen takes back what was said while it was covered
                self.call_after_refresh(self.app.run_action, choice.run, choice.node)

        found = choices(self.active_bindings.values(), self.why_not)
        for index, saved in enumerate(self.board.saved):
            if not saved.digit:
                found.append(Choice("", f"go to {saved.name}", f"app.saved({index})", self.app))
        self.board.take_back()
        self.app.push_screen(PaletteScreen(found, self.board.glyphs), do)

    # Other screens.

    async def action_help(self) -> None:
        """Show the keys that work here."""
        from meshtui.tui.screens.help import HelpScreen  # noqa: PLC0415 - a start need not wait for it

        await self.open(HelpScreen(self.active_bindings.values(), self.board, self.language, self.why_not))

    async def open(self, screen: Screen[None]) -> None:
        """Put another screen on top of this one, painting once rather than for each step of its making."""
        self.board.take_back()
        with self.app.batch_update():
            self.refresh_frame()  # a dialog leaves it in sight
            await self.app.push_screen(screen)
