"""The plan of an action, before anything changes: steps, effects, the same as a command, and one key that does it."""

from __future__ import annotations

from typing import ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from meshtui.mesh.actions import Plan
from meshtui.present.cells import line_width
from meshtui.present.commands import with_state
from meshtui.present.plan import folded_by_hand, plan_lines
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board
from meshtui.tui.clipboard import copy
from meshtui.tui.messages import PlanConfirmed
from meshtui.tui.screens.leaving import Leaving
from meshtui.tui.widgets.document import Document
from meshtui.tui.widgets.lines import Lines

WIDTH = 88
"""Cells of the dialog, where there are so many."""

_BESIDE = 6
"""Cells of the dialog beside its page,"""
_FRAME = 5
"""and lines around it: border, title, what is said, answers."""


class PlanDialog(ModalScreen[None], Leaving[None]):
    """Asks whether a plan is to be performed, and tells the app when it is."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "confirm", "do it"),
        Binding("b", "by_hand", "the same by hand, and back"),
        Binding("c", "copy", "copy the command"),
        Binding("escape,q", "cancel", "cancel"),
    ]

    def __init__(self, plan: Plan, board: Board) -> None:
        super().__init__()
        self.plan = plan
        self._board = board
        self._by_hand = False

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
        self._show_answers()

    def _show_answers(self) -> None:
        """Show the keys; where it is narrow, those that say yes and no."""
        verb = self._board.glyphs.show(self.plan.verb)
        other = "the plan" if self._by_hand else "by hand"
        answers = (
            ("enter", verb),
            *((("b", other),) if self.plan.by_hand else ()),
            ("c", "copy them" if self._by_hand else "copy command"),
            ("esc", "cancel"),
        )
        width = min(WIDTH, self.size.width - 2) - _BESIDE
        for shown, gap in ((answers, 6), (answers, 3), (answers, 2), ((answers[0], answers[-1]), 3)):
            pieces = [piece for key, word in shown for piece in (Piece(key, Tone.BUSY), Piece(f" {word}{' ' * gap}"))]
            pieces[-1] = Piece(pieces[-1].text.rstrip())
            if line_width(tuple(pieces)) <= width:
                break
        self.show_answers(tuple(pieces))

    def show_answers(self, line: Line) -> None:
        """Show the keys that end it."""
        self.query_one("#answers", Lines).show([line])

    def on_resize(self, event: events.Resize) -> None:
        """Take as much room as the plan needs, and no more than there is."""
        dialog = self.query_one("#dialog")
        width = min(WIDTH, event.size.width - 2)
        dialog.styles.width = width
        self._show_answers()
        self._fit(width, event.size.height)

    def _fit(self, width: int, height: int) -> None:
        lines = len(self._page(width - _BESIDE))
        self.query_one("#dialog").styles.height = min(lines + _FRAME, height)
        hint = (Piece("j k", Tone.BUSY), Piece(" scroll: not all of it is in sight", Tone.QUIET))
        self.query_one("#said", Lines).show([hint if lines + _FRAME > height else ()])

    def action_confirm(self) -> None:
        """Have it done."""
        self.app.post_message(PlanConfirmed(self.plan))
        self.dismiss()

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss()

    def action_by_hand(self) -> None:
        """Show the commands that do the same without meshtui, or the plan again."""
        if self.plan.by_hand:
            self._by_hand = not self._by_hand
            self._show_answers()
            self._fit(min(WIDTH, self.size.width - 2), self.size.height)
            page = self.query_one("#page", Document)
            page.show()
            page.action_top()

    def action_copy(self) -> None:
        """Copy the command line that does the same, or what is shown instead of it."""
        self._copy()

    @work(exclusive=True)
    async def _copy(self) -> None:
        text, what = self.plan.command, "the command"
        if self._by_hand:
            text, what = "\n".join(self.plan.by_hand), "the commands"
        said = await copy(with_state(text, self._board.glyphs.state), what, self.app.copy_to_clipboard)
        self.query_one("#said", Lines).show([(Piece(said, Tone.QUIET),)])

    def _page(self, width: int) -> list[Line]:
        if self._by_hand:
            return folded_by_hand(self.plan, width, self._board.glyphs)
        return [(), *plan_lines(self.plan, width, self._board.glyphs)]
