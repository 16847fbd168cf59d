"""Screens with a list that can be filtered while it is typed, and screens with the line of places above them."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import events
from textual.binding import BindingType

from meshtui.mesh.filter import Filter
from meshtui.mesh.filter_fields import Language
from meshtui.mesh.filters.certificates import CERTIFICATES
from meshtui.present.cells import line_width, width_of
from meshtui.present.escape import visible
from meshtui.present.times import counted
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.keys import bound
from meshtui.tui.places import TURNS, Place, place_line
from meshtui.tui.screens.framed import Framed
from meshtui.tui.widgets.prompt import Prompt, Question

ANSWERS = (("enter", "keep"), ("esc", "clear"))


class Filtered(Framed):
    """Words that must all occur, `!words` that must not, and fields."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("filter"),
        bound("clear"),
    ]

    # What a screen has of its own.

    @property
    def filter(self) -> str:
        """What is typed now."""
        raise NotImplementedError

    def narrow(self, text: str) -> None:
        """Show what this filter lets through."""
        raise NotImplementedError

    @property
    def language(self) -> Language[Any]:
        """What a filter can ask of what is listed: of certificates, where a screen does not say otherwise."""
        return CERTIFICATES

    @property
    def matching(self) -> tuple[int, int] | None:
        """How many the filter lets through, of how many; None where that is not known while it is typed."""
        return None

    def problem(self, text: str) -> str:
        """What is odd about a filter, as a sentence."""
        return Filter.parse(text, self.language).problem

    def action_clear(self) -> None:
        """Clear what is in the way: what was said, then the filter; else go up."""
        if self.board.said is not None:
            self.say(None)
        elif self.filter:
            self.narrow("")
        else:
            self.up()

    # How it is typed.

    def on_key(self, event: events.Key) -> None:
        """Begin the filter before the next key is looked at, as the frame does with a command."""
        asks = self.query_one("#footer", Prompt).asks
        if event.key in self.board.keymap.keys("filter") and not asks:
            self.action_filter()
            event.stop()
            event.prevent_default()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one("#footer", Prompt).ask(Question("/", ANSWERS, note=self._note_on), self.filter)

    def _note_on(self, text: str) -> Line:
        """What stands beside a filter that is being typed: how many match, and what is odd about it."""
        if not text.strip():
            return (Piece(f"such as {self.language.examples}", Tone.QUIET),)
        numbers = " of ".join(map(counted, self.matching or ()))
        if not (problem := self.board.glyphs.show(self.problem(text))):
            return (Piece(numbers),)
        line = (Piece(numbers), Piece(f"   {problem}", Tone.QUIET))
        # The header has the numbers as well
        room = self.size.width - width_of(visible(text)) - 5
        return line if line_width(line) <= room else (Piece(problem, Tone.QUIET),)

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Filter while it is typed."""
        if message.sign == "/":
            self.narrow(message.text)

    def on_prompt_cancelled(self, message: Prompt.Cancelled) -> None:
        """Drop the filter."""
        if message.sign == "/":
            self.narrow("")


class Placed(Framed):
    """One of the places that a digit leads to."""

    BINDINGS: ClassVar[list[BindingType]] = [*TURNS]

    DEFAULT_CLASSES = "-placed"

    @property
    def place(self) -> Place:
        """Where one is."""
        raise NotImplementedError

    @property
    def crumbs(self) -> tuple[str, ...]:
        """The place."""
        return ("meshtui", self.place)

    def refresh_frame(self, width: int = 0) -> None:
        """Show which places there are, too."""
        super().refresh_frame(width)
        if self.has_widgets:
            line = place_line(self.place, width or self.size.width, self.board.saved, self.board.glyphs)
            self.lines("places").show([line])

    def saved_as(self, text: str) -> str:
        """The name under which a filter of this place was saved; empty for others."""
        shown = (self.place.value, text)
        return next((saved.name for saved in self.board.saved if (saved.place, saved.filter) == shown), "")

    def up(self) -> None:
        """Go to the first place."""
        if self.place is not (first := next(iter(Place))):
            self.call_later(self.run_action, f"app.place('{first}')")

    async def action_turn(self, by: int) -> None:
        """Go to the place that comes next, or came before."""
        await self.run_action(f"app.place('{self.place.turned(by)}')")
