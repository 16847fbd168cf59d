"""The keys that work where one is, made from the live bindings: what is not bound cannot be promised."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import zip_longest
from typing import Any, ClassVar

from textual import events
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from meshtui.keymap import shown_key
from meshtui.mesh.filter_fields import Language
from meshtui.present.cells import cut_line, fit, fit_line, fold, line_width
from meshtui.present.glyphs import Glyphs
from meshtui.present.marks import TRUTHS
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.keys import ALWAYS, GROUPS, MOVE, SORT, THE_LIST, THIS_ROW, VIEWS
from meshtui.tui.screens.leaving import Leaving
from meshtui.tui.widgets.document import Document

_COLUMN = 38
"""Cells of one of two columns of keys."""

_KEYS = 14
"""Cells for the keys themselves."""

_MARKED = "verify to the wire"
"""A key of rows that have the four marks."""


class HelpScreen(ModalScreen[None], Leaving[None], inherit_bindings=False):
    """Keys and what they do, and what the four marks mean."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "close", "close")]

    def __init__(
        self, bindings: Iterable[ActiveBinding], glyphs: Glyphs, language: Language[Any] | None = None
    ) -> None:
        super().__init__()
        self._keys = keys_of(bindings)
        self._glyphs = glyphs
        self._language = language

    def compose(self) -> ComposeResult:
        """Show the page in the middle."""
        with Container(id="dialog", classes="-ascii" if self._glyphs.ascii_only else ""):
            yield Document(self._page, id="page")

    def on_mount(self) -> None:
        """Take as many lines as there are."""
        dialog = self.query_one("#dialog")
        dialog.styles.width = 2 * _COLUMN + 4
        dialog.styles.height = len(self._page(2 * _COLUMN)) + 2

    def on_resize(self, event: events.Resize) -> None:
        """Say so where not all of it is in sight."""
        is_cut = len(self._page(2 * _COLUMN)) + 2 > event.size.height
        self.query_one("#dialog").border_subtitle = "j k scroll" if is_cut else ""

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()

    def _page(self, width: int) -> list[Line]:
        half = width // 2 if width >= 2 * _COLUMN - 6 else width
        sorts = self._in_a_line(SORT, "again to reverse", half - 1)
        left = [*self._group(THIS_ROW), *self._group(THE_LIST), *sorts]
        right = [*self._group(MOVE), *self._group(ALWAYS)]
        below = [
            *self._in_a_line(VIEWS, "", width),
            *self._filter(width),
            *self._marks(width),
        ]
        if width < 2 * _COLUMN - 6:
            return [*left, *right, *below]
        both = zip_longest(left, right, fillvalue=())
        return [*((*fit_line(one, width // 2, self._glyphs.ellipsis), *other) for one, other in both), *below]

    def _group(self, group: Binding.Group) -> list[Line]:
        keys = self._keys.get(group.description, [])
        lines: list[Line] = [
            (Piece(fit(names, _KEYS, self._glyphs.ellipsis), Tone.BUSY), Piece(text)) for names, text in keys
        ]
        return [(Piece(group.description, Tone.STRONG),), *lines, ()] if keys else []

    def _in_a_line(self, group: Binding.Group, more: str, width: int) -> list[Line]:
        """Short words, as many to a line as fit."""
        keys = self._keys.get(group.description, [])
        lines: list[Line] = []
        for names, text in keys:
            place = (Piece(f"{names} ", Tone.BUSY), Piece(f"{text}   "))
            if lines and line_width((*lines[-1], *place)) <= width:
                lines[-1] = (*lines[-1], *place)
            else:
                lines.append(place)
        title = (Piece(group.description, Tone.STRONG), Piece(f"  {more}", Tone.QUIET))
        return [title, *lines, ()] if keys else []

    def _filter(self, width: int) -> list[Line]:
        """What a filter can ask of what is listed here, where anything is."""
        language = self._language
        if language is None:
            return []
        title = (
            Piece("FILTER", Tone.STRONG),
            Piece("  a space means and, ! not; ns:pro* begins, = is all of it", Tone.QUIET),
        )
        fields = [*fold(language.names, width), *fold(f"such as {language.examples}", width)]
        return [
            cut_line(line, width, self._glyphs.ellipsis) for line in (title, *((Piece(text),) for text in fields))
        ] + [()]

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
            if (name := shown_key(binding.key)) not in names:
                names.append(name)
    groups: dict[str, list[tuple[str, str]]] = {}
    for (group, text), names in found.items():
        groups.setdefault(group, []).append((" ".join(names), text))
    return groups
