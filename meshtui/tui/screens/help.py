"""The keys that work where one is, made from the live bindings: what is not bound cannot be promised."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Any, ClassVar

from textual import events, work
from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from meshtui.keymap import shown_key
from meshtui.mesh.filter_fields import Language
from meshtui.present.cells import cut_line, fit, fit_line, fold, line_width, width_of
from meshtui.present.marks import TRUTHS
from meshtui.present.tones import Line, Piece, Tone, plain
from meshtui.tui.board import Board
from meshtui.tui.clipboard import copy
from meshtui.tui.keys import ALWAYS, GROUPS, MOVE, SORT, THE_LIST, THIS_ROW, VIEWS, bound
from meshtui.tui.saving import default_name
from meshtui.tui.screens.leaving import Leaving
from meshtui.tui.svg import portable
from meshtui.tui.widgets.document import Document

_COLUMN = 38
"""Cells of one of two columns of keys."""

_GAP = 1
"""Cells that at least lie between them."""

_KEYS = 14
"""Cells for the keys themselves."""

_MARKED = "verify to the wire"
"""A key of rows that have the four marks."""


class HelpScreen(ModalScreen[None], Leaving[None], inherit_bindings=False):
    """Keys and what they do, and what the four marks mean."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,question_mark", "close", "close"),
        bound("copy"),
        bound("save"),
    ]

    def __init__(
        self,
        bindings: Iterable[ActiveBinding],
        board: Board,
        language: Language[Any] | None = None,
        why_not: Callable[[str], str] = lambda _action: "",
    ) -> None:
        """`language` is that of filters of what is listed, where anything is; `why_not` greys what does not work."""
        super().__init__()
        self._keys = keys_of(bindings, why_not)
        self._board = board
        self._glyphs = board.glyphs
        self._language = language
        self._said = ""
        self._is_cut = False

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
        self._is_cut = len(self._page(2 * _COLUMN)) + 2 > event.size.height
        self._show_below()

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()

    @work(exclusive=True, group="copy")
    async def action_copy(self) -> None:
        """Copy the page."""
        self._said = await copy(self._text(), "this help", self.app.copy_to_clipboard)
        self._show_below()

    def action_save(self) -> None:
        """Ask where to. The picture is taken now, before the question covers what it is of."""
        from meshtui.tui.screens.save import SaveDialog  # noqa: PLC0415 - a look at the keys need not wait for it

        pictures = {"txt": self._text(), "svg": portable(self.app.export_screenshot(title="meshtui help"))}

        async def draw(kind: str) -> str:
            return pictures[kind]

        name = default_name("help", "txt", self._board.now())
        self.app.push_screen(SaveDialog("help", name, tuple(pictures), draw, self._board))

    def _show_below(self) -> None:
        """Say on the border what was done, or what can be."""
        shown = self._board.keymap.shown
        keys = f"esc close   {shown('copy')} copy   {shown('save')} save"
        self.query_one("#dialog").border_subtitle = self._said or (f"j k scroll   {keys}" if self._is_cut else keys)

    def _text(self) -> str:
        return "".join(f"{plain(line).rstrip()}\n" for line in self._page(2 * _COLUMN))

    def _page(self, width: int) -> list[Line]:
        left = [*self._group(THIS_ROW), *self._group(THE_LIST)]
        right = [*self._group(MOVE), *self._group(ALWAYS)]
        below = [
            *self._in_a_line(SORT, "again to reverse", width),
            *self._in_a_line(VIEWS, "", width),
            *self._filter(width),
            *self._marks(width),
        ]
        if width < 2 * _COLUMN - 6:
            return [*left, *right, *below]
        both = zip_longest(left, right, fillvalue=())
        half, gap = width // 2 - _GAP, Piece(" " * _GAP)
        return [*((*fit_line(one, half, self._glyphs.ellipsis), gap, *other) for one, other in both), *below]

    def _group(self, group: Binding.Group) -> list[Line]:
        keys = self._keys.get(group.description, [])
        lines: list[Line] = [
            (Piece(fit(names, _KEYS, self._glyphs.ellipsis), Tone.QUIET if reason else Tone.BUSY), _words(text, reason))
            for names, text, reason in keys
        ]
        return [(Piece(group.description, Tone.STRONG),), *lines, ()] if keys else []

    def _in_a_line(self, group: Binding.Group, more: str, width: int) -> list[Line]:
        """Short words, as many to a line as fit."""
        keys = self._keys.get(group.description, [])
        lines: list[Line] = []
        for names, text, _ in keys:
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
        fields = fold(f"{language.names} such as {language.examples}".strip(), width)
        return [
            cut_line(line, width, self._glyphs.ellipsis) for line in (title, *((Piece(text),) for text in fields))
        ] + [()]

    def _marks(self, width: int) -> list[Line]:
        g = self._glyphs
        if not any(text == _MARKED for _, text, _ in self._keys.get(THIS_ROW.description, ())):
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


def _words(text: str, reason: str) -> Piece:
    """What a key does; where it does not, why not, behind as many of its words as there is room for."""
    if not reason:
        return Piece(text)
    both = f"{text} ({reason})"
    fits = width_of(both) < _COLUMN - _KEYS
    return Piece(both if fits else f"{text.split(maxsplit=1)[0].rstrip(':,')} ({reason})", Tone.QUIET)


def keys_of(bindings: Iterable[ActiveBinding], why_not: Callable[[str], str]) -> dict[str, list[tuple[str, str, str]]]:
    """Keys, descriptions and why they do not work now, by the description of their group, the keys of one action
    together.
    """
    reasons: dict[tuple[str, str], str] = {}
    found: dict[tuple[str, str], list[str]] = {}
    for active in bindings:
        binding = active.binding
        if binding.group in GROUPS and binding.description:
            names = found.setdefault(key := (binding.group.description, binding.description), [])
            reasons[key] = why_not(binding.action)
            if (name := shown_key(binding.key)) not in names:
                names.append(name)
    groups: dict[str, list[tuple[str, str, str]]] = {}
    for (group, text), names in found.items():
        groups.setdefault(group, []).append((" ".join(names), text, reasons[group, text]))
    return groups
