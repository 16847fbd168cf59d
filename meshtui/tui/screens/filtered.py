"""A screen with a list that can be filtered while it is typed, and the line of places above it."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType

from meshtui.tui.keys import THE_LIST
from meshtui.tui.places import KEYS, Place, place_line
from meshtui.tui.screens.framed import Framed
from meshtui.tui.widgets.prompt import Prompt


class Filtered(Framed):
    """Words that must all occur, `!words` that must not."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "filter: words, !words", group=THE_LIST),
        Binding("escape", "clear", "clear, dismiss", group=THE_LIST),
    ]

    # What a screen has of its own.

    @property
    def filter(self) -> str:
        """What is typed now."""
        raise NotImplementedError

    def narrow(self, text: str) -> None:
        """Show what this filter lets through."""
        raise NotImplementedError

    def action_clear(self) -> None:
        """Clear what is in the way: what was said, then the filter."""
        if self.board.said is not None:
            self.say(None)
        else:
            self.narrow("")

    # How it is typed.

    def on_key(self, event: events.Key) -> None:
        """Begin the filter before the next key is looked at: what is typed fast, or pasted, belongs to it.

        As a binding alone it would begin only after the keys behind it had passed this screen.
        """
        if event.key == "slash" and not self.query_one("#footer", Prompt).asks:
            self.action_filter()
            event.stop()
            event.prevent_default()

    def action_filter(self) -> None:
        """Type a filter."""
        self.query_one("#footer", Prompt).ask("/", self.filter)

    def on_prompt_changed(self, message: Prompt.Changed) -> None:
        """Filter while it is typed."""
        self.narrow(message.text)

    def on_prompt_cancelled(self) -> None:
        """Drop the filter."""
        self.narrow("")


class Placed(Filtered):
    """One of the places that a digit leads to."""

    BINDINGS: ClassVar[list[BindingType]] = [*KEYS]

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
        if self.is_whole:
            self.lines("places").show([place_line(self.place, width or self.size.width)])

    async def action_turn(self, by: int) -> None:
        """Go to the place that comes next, or came before."""
        await self.run_action(f"app.place('{self.place.turned(by)}')")
