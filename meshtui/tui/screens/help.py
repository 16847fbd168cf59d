"""The keys that work where one is, made from the live bindings: what is not bound cannot be promised."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import ActiveBinding, Binding, BindingType
from textual.containers import Container
from textual.screen import ModalScreen

from meshtui.present.cells import fit, paragraph, width_of
from meshtui.present.glyphs import Glyphs
from meshtui.present.marks import TRUTHS
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.widgets.document import Document

_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "escape": "esc",
    "down": "↓",
    "up": "↑",
    "left": "←",
    "right": "→",
}


class HelpScreen(ModalScreen[None]):
    """Keys and what they do, and what the four marks mean."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape,q,question_mark", "close", "close")]

    def __init__(self, bindings: Iterable[ActiveBinding], glyphs: Glyphs) -> None:
        super().__init__()
        self._keys = keys_of(bindings, glyphs)
        self._glyphs = glyphs

    def compose(self) -> ComposeResult:
        """Show the page in the middle."""
        with Container(id="dialog", classes="-ascii" if self._glyphs.ascii_only else ""):
            yield Document(self._page, id="page")

    def on_mount(self) -> None:
        """Take as many lines as there are."""
        self.query_one("#dialog").styles.height = len(self._page(60)) + 2

    def action_close(self) -> None:
        """Go back."""
        self.dismiss()

    def _page(self, width: int) -> list[Line]:
        column = max((width_of(keys) for keys, _ in self._keys), default=0) + 2
        lines: list[Line] = [(Piece("KEYS", Tone.STRONG),), ()]
        for keys, text in self._keys:
            lines += paragraph(text, width, first=(Piece(fit(keys, column), Tone.BUSY),))
        g = self._glyphs
        meanings = (
            (g.agrees, "agrees with the truth before it"),
            (g.differs, "differs: something else is there, or nothing"),
            (g.unasked, "could not be asked, which is not the same as fine"),
            (g.absent, "nothing is expected there"),
        )
        lines += [(), (Piece("TRUTHS", Tone.STRONG), Piece(f"  {', '.join(TRUTHS)}")), ()]
        lines += [(Piece(fit(glyph, column), Tone.BUSY), Piece(text)) for glyph, text in meanings]
        return [*lines, (), (Piece("esc", Tone.BUSY), Piece(" close", Tone.QUIET))]


def keys_of(bindings: Iterable[ActiveBinding], glyphs: Glyphs) -> list[tuple[str, str]]:
    """Keys and descriptions, the keys of one action together, in the order of the screens."""
    found: dict[str, list[str]] = {}
    for active in bindings:
        binding = active.binding
        if binding.description and not binding.system:
            found.setdefault(binding.description, []).append(_shown(binding, glyphs))
    return [("  ".join(keys), text) for text, keys in found.items()]


def _shown(binding: Binding, glyphs: Glyphs) -> str:
    if binding.key_display:
        return binding.key_display
    name = binding.key if glyphs.ascii_only and binding.key in ("up", "down") else _NAMES.get(binding.key, binding.key)
    return name.replace("ctrl+", "ctrl-").replace("shift+", "shift-")
