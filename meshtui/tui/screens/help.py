"""The keys that work where one is, made from the live bindings: what is not bound cannot be promised."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from meshtui.present.cells import cut_line, fit, fit_line
from meshtui.present.glyphs import Glyphs
from meshtui.present.marks import TRUTHS
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.keys import ALWAYS, GROUPS, MOVE, THE_LIST, THIS_ROW
from meshtui.tui.widgets.document import Document

_COLUMN = 38
"""Cells of one of two columns of keys."""

_KEYS = 14
"""Cells for the keys themselves."""

_NAMES = {"question_mark": "?", "slash": "/", "pagedown": "PgDn", "pageup": "PgUp", "escape": "esc", "space": "space"}


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
        if width < 2 * _COLUMN - 6:
            return [*left, *right, *self._marks(width)]
        both = zip_longest(left, right, fillvalue=())
        return [*((*fit_line(one, width // 2), *other) for one, other in both), *self._marks(width)]

    def _group(self, group: Binding.Group) -> list[Line]:
        keys = self._keys.get(group.description, [])
        lines: list[Line] = [(Piece(fit(names, _KEYS), Tone.BUSY), Piece(text)) for names, text in keys]
        return [(Piece(group.description, Tone.STRONG),), *lines, ()] if keys else []

    def _marks(self, width: int) -> list[Line]:
        g = self._glyphs
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
