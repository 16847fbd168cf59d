"""The keys that work where one is, made from the live bindings: what is not bound cannot be promised."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from meshtui.present.cells import cut_line, fit, fit_line, line_width
from meshtui.present.glyphs import Glyphs
from meshtui.present.marks import TRUTHS
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.keys import ALWAYS, GROUPS, MOVE, THE_LIST, THIS_ROW, VIEWS
from meshtui.tui.widgets.document import Document

_COLUMN = 38
"""Cells of one of two columns of keys."""

_KEYS = 14
"""Cells for the keys themselves."""

_MARKED = "verify to the wire"
"""A key of rows that have the four marks."""

_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "escape": "esc",
    "space": "space",
    "ctrl+@": "ctrl-space",
    "ctrl+backslash": "ctrl-\\",
}


class HelpScreen(ModalScreen[None], inherit_bindings=False):
    """Keys and what they do, and what the four marks mean."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "close", "close")]

    def __init__(self, bindings: Iterable[ActiveBinding], glyphs: Glyphs) -> None:
        super().__init__()
        self._keys = keys_of(bindings)
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """Show the page in the middle."""
        with Container(id="dialog", classes="-ascii" if self._glyphs.ascii_only else ""):
            yield Document(self._page, id="page")

    def on_mount(self) -> None:
        """Take as many lines as there are."""
        dialog = self.query_one("#dialog")
        dialog.styles.width = 2 * _COLUMN + 4
        dialog.styles.height = len(self._page(2 * _COLUMN)) + 2

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()

    def _page(self, width: int) -> list[Line]:
        left = [*self._group(THIS_ROW), *self._group(THE_LIST)]
        right = [*self._group(MOVE), *self._group(ALWAYS)]
        below = [*self._views(width), *self._marks(width)]
        if width < 2 * _COLUMN - 6:
            return [*left, *right, *below]
        both = zip_longest(left, right, fillvalue=())
        return [*((*fit_line(one, width // 2), *other) for one, other in both), *below]

    def _group(self, group: Binding.Group) -> list[Line]:
        keys = self._keys.get(group.description, [])
        lines: list[Line] = [(Piece(fit(names, _KEYS), Tone.BUSY), Piece(text)) for names, text in keys]
        return [(Piece(group.description, Tone.STRONG),), *lines, ()] if keys else []

    def _views(self, width: int) -> list[Line]:
        """The places, as many to a line as fit."""
        keys = self._keys.get(VIEWS.description, [])
        lines: list[Line] = []
        for names, text in keys:
            place = (Piece(f"{names} ", Tone.BUSY), Piece(f"{text}   "))
            if lines and line_width((*lines[-1], *place)) <= width:
                lines[-1] = (*lines[-1], *place)
            else:
                lines.append(place)
        return [(Piece(VIEWS.description, Tone.STRONG),), *lines, ()] if keys else []

    def _marks(self, width: int) -> list[Line]:
        g = self._glyphs
        if not any(text == _MARKED for _, text in self._keys.get(THIS_ROW.description, ())):
            return []
        meanings = (
            (g.agrees, "agrees with the one before it"),
            (g.differs, "differs: something else is there, or nothing"),
            (g.unasked, "could not be asked, which is not the same as fine"),
            (g.absent, "nothing is expected there"),
        )
        title = (Piece("TRUTHS", Tone.STRONG), Piece(f"  {', '.join(TRUTHS)}", Tone.QUIET))
        lines: list[Line] = [(Piece(fit(glyph, 3), Tone.BUSY), Piece(text)) for glyph, text in meanings]
        return [cut_line(line, width, g.ellipsis) for line in (title, *lines)]


def keys_of(bindings: Iterable[ActiveBinding]) -> dict[str, list[tuple[str, str]]]:
    """Keys and descriptions by the description of their group, the keys of one action together."""
    found: dict[tuple[str, str], list[str]] = {}
    for active in bindings:
        binding = active.binding
        if binding.group in GROUPS and binding.description:
            names = found.setdefault((binding.group.description, binding.description), [])
            names.append(_NAMES.get(binding.key, binding.key).replace("ctrl+", "ctrl-").replace("shift+", "shift-"))
    groups: dict[str, list[tuple[str, str]]] = {}
    for (group, text), names in found.items():
        groups.setdefault(group, []).append((" ".join(names), text))
    return groups
