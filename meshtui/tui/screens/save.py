"""Asks where the view is to be saved, and says what became of it. The ending of the name says as what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from meshtui.errors import MeshError
from meshtui.present.cells import paragraph
from meshtui.present.tones import Piece, Tone
from meshtui.tui.board import Board, Told
from meshtui.tui.saving import TakenError, kind_of, path_of, write
from meshtui.tui.screens.leaving import Leaving
from meshtui.tui.widgets.lines import Lines
from meshtui.tui.widgets.prompt import Prompt, Question

WIDTH = 88
_SAID_LINES = 3
Draw = Callable[[str], Awaitable[str]]
"""The view as a file of a kind."""


class SaveDialog(ModalScreen[None], Leaving[None], inherit_bindings=False):
    """One line to type a path in."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "cancel")]

    def __init__(self, what: str, default: str, kinds: tuple[str, ...], draw: Draw, board: Board) -> None:
        super().__init__()
        self._what = what
        self._default = default
        self._kinds = kinds
        self._draw = draw
        self._board = board
        self._taken: Path | None = None
        """What may be replaced, because it was asked for once more."""

    def compose(self) -> ComposeResult:
        """Show what is saved, the line, and room for what is said."""
        with Container(id="dialog", classes="-ascii" if self._board.glyphs.ascii_only else ""):
            yield Lines(id="title")
            yield Lines(id="said", at_least=_SAID_LINES)
            yield Prompt(id="answers")

    def on_mount(self) -> None:
        """Ask."""
        endings = ", ".join(f".{kind}" for kind in self._kinds)
        self._say(f"As {endings}, by the end of its name.", Tone.QUIET)
        self.query_one("#title", Lines).show([(Piece(self._board.glyphs.show(f"Save {self._what}"), Tone.STRONG),)])
        self._ask(self._default)

    def on_resize(self, event: events.Resize) -> None:
        """Take as much room as there is."""
        dialog = self.query_one("#dialog")
        dialog.styles.width = min(WIDTH, event.size.width - 2)
        dialog.styles.height = _SAID_LINES + 5

    def on_key(self, event: events.Key) -> None:
        """All keys are text, but for those that end the question; there is nowhere to move to."""
        if event.key in ("up", "down", "tab"):
            event.stop()
            event.prevent_default()
        else:
            self.query_one("#answers", Prompt).take_key(event)

    def on_paste(self, event: events.Paste) -> None:
        """A path that was copied elsewhere."""
        self.query_one("#answers", Prompt).take_paste(event)

    def on_prompt_submitted(self, message: Prompt.Submitted) -> None:
        """Save it there; a file that is there already only when enter is pressed once more."""
        self._save(message.text)

    def on_prompt_cancelled(self) -> None:
        """Nothing is written."""
        self.dismiss()

    def action_cancel(self) -> None:
        """Nothing is written."""
        self.dismiss()

    @work(exclusive=True, group="save")
    async def _save(self, text: str) -> None:
        try:
            path = path_of(text)
            drawn = await self._draw(kind_of(path, self._kinds))
            over, self._taken = path == self._taken, None
            await asyncio.to_thread(write, path, drawn, over=over)
        except MeshError as error:
            if isinstance(error, TakenError):
                self._taken = path
            self._say(str(error), Tone.WARN)
            self._ask(text, "replace" if self._taken else "save")
            return
        self._board.said = Told(f"Saved {self._what} in {path}.")
        self.dismiss()

    def _ask(self, text: str, verb: str = "save") -> None:
        self.query_one("#answers", Prompt).ask(Question("> ", (("enter", verb), ("esc", "cancel"))), text)

    def _say(self, text: str, tone: Tone) -> None:
        width = max(min(WIDTH, self.app.size.width - 2) - 6, 10)
        self.query_one("#said", Lines).show(paragraph(self._board.glyphs.show(text), width, tone)[:_SAID_LINES])
