"""The plan of a verb on all marked rows: how many, what stands behind them, who goes first; a typed word for many."""

from __future__ import annotations

from textual import events
from textual.app import ComposeResult
from textual.containers import Container

from meshtui.mesh.batch import Batch
from meshtui.present.batch import batch_lines
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board
from meshtui.tui.messages import BatchConfirmed
from meshtui.tui.screens.plan import PlanDialog
from meshtui.tui.widgets.document import Document
from meshtui.tui.widgets.lines import Lines
from meshtui.tui.widgets.prompt import Prompt, Question

TYPED_ABOVE = 20
"""Targets above which a key is too little to say yes: the verb is to be typed."""


class BatchDialog(PlanDialog):
    """Asks whether a batch is to be performed, and tells the app when it is."""

    def __init__(self, batch: Batch, board: Board) -> None:
        super().__init__(batch.plan, board)
        self._batch = batch

    def compose(self) -> ComposeResult:
        """As any plan, with a line in which something can be typed."""
        with Container(id="dialog", classes="-ascii" if self._board.glyphs.ascii_only else ""):
            yield Lines(id="title")
            yield Document(self._page, id="page")
            yield Lines(id="said", at_least=1)
            yield Prompt(id="answers")

    def show_answers(self, line: Line) -> None:
        """Show the keys, whenever nothing is being typed there."""
        self.query_one("#answers", Prompt).show_keys(line)

    def on_key(self, event: events.Key) -> None:
        """While the word is being typed, keys are text."""
        if (prompt := self.query_one("#answers", Prompt)).asks:
            prompt.take_key(event)

    def on_paste(self, event: events.Paste) -> None:
        """A word that is pasted was not typed."""
        if self.query_one("#answers", Prompt).asks:
            event.stop()

    def action_confirm(self) -> None:
        """Have it done; of many, ask for the word first."""
        if len(self._batch.targets) <= TYPED_ABOVE:
            self._do()
            return
        count, verb = len(self._batch.targets), self.plan.verb
        self._say(f"They are {count}: type {verb} to do it.", Tone.WARN)
        self.query_one("#answers", Prompt).ask(Question("> ", (("enter", verb), ("esc", "back"))))

    def on_prompt_submitted(self, message: Prompt.Submitted) -> None:
        """Only the verb itself is a yes."""
        if message.text.strip() == self.plan.verb:
            self._do()
        else:
            self._say(f"Nothing was done: that is not {self.plan.verb}.", Tone.WARN)
            self._show_answers()

    def on_prompt_cancelled(self) -> None:
        """Back to the plan."""
        self._say("", Tone.QUIET)
        self._show_answers()

    def _do(self) -> None:
        self.app.post_message(BatchConfirmed(self._batch))
        self.dismiss()

    def _say(self, text: str, tone: Tone) -> None:
        self.query_one("#said", Lines).show([(Piece(text, tone),)] if text else [()])

    def _page(self, width: int) -> list[Line]:
        page = super()._page(width)
        return page if self._by_hand else [*batch_lines(self._batch, width, self._board.glyphs), *page]
