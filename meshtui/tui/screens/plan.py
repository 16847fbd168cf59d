"""The plan of an action, before anything changes: steps, effects, the same as a command, and one key that does it."""

from __future__ import annotations

from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from meshtui.mesh.actions import Plan
from meshtui.present.plan import plan_lines
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board
from meshtui.tui.clipboard import copy
from meshtui.tui.messages import PlanConfirmed
from meshtui.tui.widgets.document import Document
from meshtui.tui.widgets.lines import Lines

WIDTH = 88
"""Cells of the dialog, where there are so many."""

_FRAME = 5
"""Lines of the dialog around its page: border, title, what is said, answers."""


class PlanDialog(ModalScreen[None]):
    """Asks whether a plan is to be performed, and tells the app when it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "confirm", "do it"),
        Binding("c", "copy", "copy the command"),
        Binding("escape,q", "cancel", "cancel"),
    ]

    def __init__(self, plan: Plan, board: Board) -> None:
        super().__init__()
        self.plan = plan
        self._board = board

    def compose(self) -> ComposeResult:
        """Show the title, the page and the answers."""
        with Container(id="dialog", classes="-ascii" if self._board.glyphs.ascii_only else ""):
            yield Lines(id="title")
            yield Document(self._page, id="page")
            yield Lines(id="said", at_least=1)
            yield Lines(id="answers")

    def on_mount(self) -> None:
        """Show what does not depend on the size."""
        self.query_one("#title", Lines).show([(Piece(self._board.glyphs.show(self.plan.title), Tone.STRONG),)])
        verb = self._board.glyphs.show(self.plan.verb)
        answers = (
            (Piece("enter", Tone.BUSY), Piece(f" {verb}      ")),
            (Piece("c", Tone.BUSY), Piece(" copy command      ")),
            (Piece("esc", Tone.BUSY), Piece(" cancel")),
        )
        self.query_one("#answers", Lines).show([tuple(piece for answer in answers for piece in answer)])

    def on_resize(self, event: events.Resize) -> None:
        """Take as much room as the plan needs, and no more than there is."""
        dialog = self.query_one("#dialog")
        width = min(WIDTH, event.size.width - 2)
        dialog.styles.width = width
        dialog.styles.height = min(len(self._page(width - 6)) + _FRAME, event.size.height)

    def action_confirm(self) -> None:
        """Have it done."""
        self.app.post_message(PlanConfirmed(self.plan))
        self.dismiss()

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss()

    def action_copy(self) -> None:
        """Copy the command line that does the same."""
        self._copy()

    @work(exclusive=True)
    async def _copy(self) -> None:
        said = await copy(self.plan.command, self.app.copy_to_clipboard)
        self.query_one("#said", Lines).show([(Piece(said, Tone.QUIET),)])

    def _page(self, width: int) -> list[Line]:
        return [(), *plan_lines(self.plan, width, self._board.glyphs)]
