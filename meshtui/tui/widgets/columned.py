"""Which columns of a list are in sight: those that fit, those that a person named, or all, which scroll sideways."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from meshtui.present.columns import Column, Layout, Wanted, lay_out, titles
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.keys import bound
from meshtui.tui.widgets.cursor_list import CursorList
from meshtui.tui.widgets.row_painter import MARGIN


class Columned(CursorList):
    """A list with columns. What stands in them is said by the lists."""

    BINDINGS: ClassVar[list[BindingType]] = [
        bound("left", "scroll_columns(-1)", "columns to the left"),
        bound("right", "scroll_columns(1)", "columns to the right"),
        bound("all-columns"),
    ]

    class Relaid(Message):
        """Other columns are in sight."""

    def __init__(self, *, jumps: bool, id: str) -> None:  # noqa: A002 - Textual's name for it
        super().__init__(jumps=jumps, id=id)
        self._every = False
        self._layout = Layout(())
        self._all: tuple[Column, ...] = ()

    # What a list says of itself.

    @property
    def named(self) -> tuple[str, ...]:
        """Columns that the person wants whatever the width."""
        raise NotImplementedError

    def relay(self) -> None:
        """Lay the columns out anew, and draw them."""
        raise NotImplementedError

    # What a list asks.

    def laid_out(self, columns: tuple[Column, ...]) -> tuple[Column, ...]:
        """Those of its columns that are in sight in the width there is now."""
        before = self._layout.before if columns is self._all else 0
        wanted = Wanted(self.named, self._every, before)
        self._all = columns
        self._layout = lay_out(columns, self.size.width - MARGIN, wanted)
        return self._layout.columns

    def heading(self, glyphs: Glyphs, signs: Mapping[str, str] | None = None) -> Line:
        """The titles, in the margins signs of what is out of sight."""
        before = Piece(" " * (MARGIN - 2) + ("<" if self._layout.before else " "), Tone.QUIET)
        behind = (Piece(">", Tone.QUIET),) if self._layout.behind else ()
        return (before, *titles(self._layout.columns, glyphs, signs), *behind)

    # Keys.

    def action_all_columns(self) -> None:
        """Show all columns, or again those that fit."""
        self._every = not self._every
        self._layout = self._layout._replace(before=0)
        self.relay()
        self.post_message(self.Relaid())

    def action_scroll_columns(self, by: int) -> None:
        """Show columns that are out of sight."""
        before, behind = self._layout.before, self._layout.behind
        if (by > 0 and behind) or (by < 0 and before):
            self._layout = self._layout._replace(before=before + by)
            self.relay()
            self.post_message(self.Relaid())
