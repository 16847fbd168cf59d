"""Writes strips for a terminal, saying of each style only what is different from the one before it.

Textual sets every style in full before a piece of text and resets it behind: on a line of ten columns that is more
than the text. Here a style holds until another is needed, and blanks do not care for what only letters show.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from rich.color import ColorSystem
from rich.console import Console
from rich.segment import Segment
from rich.style import Style

_ON = {"bold": "1", "dim": "2", "italic": "3", "underline": "4", "reverse": "7"}
"""SGR codes of what can be turned off alone."""
_OFF = {"bold": "22", "dim": "22", "italic": "23", "underline": "24", "reverse": "27"}
_BOLD_OR_DIM = frozenset({"bold", "dim"})
_ON_BLANKS = frozenset({"underline", "reverse"})
"""What shows where there is no letter."""
_OTHERS = ("blink", "blink2", "conceal", "strike", "underline2", "frame", "encircle", "overline")
_SYSTEMS = {
    "standard": ColorSystem.STANDARD,
    "256": ColorSystem.EIGHT_BIT,
    "truecolor": ColorSystem.TRUECOLOR,
    "windows": ColorSystem.WINDOWS,
}
_RESET = "\x1b[0m"


class _Look(NamedTuple):
    """How a terminal writes: the names of what is on, and the codes of colours (empty: its own)."""

    on: frozenset[str]
    letters: str
    ground: str


_PLAIN = _Look(frozenset(), "", "")


class Pen:
    """What one terminal would write with; plain to begin with, and to be `put_down` in the end."""

    def __init__(self, console: Console) -> None:
        self._system = _SYSTEMS.get(console.color_system or "", ColorSystem.TRUECOLOR)
        self._look = _PLAIN

    def write(self, segments: Iterable[Segment]) -> str:
        """Their text, in their styles."""
        return "".join([self._written(text, style) for text, style, _ in segments if text])

    def put_down(self) -> str:
        """Back to plain."""
        is_plain, self._look = self._look == _PLAIN, _PLAIN
        return "" if is_plain else _RESET

    def _written(self, text: str, style: Style | None) -> str:
        look = _PLAIN if style is None else _look_of(style, self._system)
        if look is None:
            assert style is not None
            return self.put_down() + style.render(text, color_system=self._system)
        if text.isspace():
            # The letters' colour is that of the line under them, and of the ground where they are reversed
            letters = look.letters if look.on & _ON_BLANKS else self._look.letters
            look = _Look(look.on & _ON_BLANKS | self._look.on - _ON_BLANKS, letters, look.ground)
        codes = _between(self._look, look)
        self._look = look
        return f"\x1b[{codes}m{text}" if codes else text


@lru_cache(maxsize=4096)
def _look_of(style: Style, system: ColorSystem) -> _Look | None:
    """None of what no look is made of: a link, and what cannot be turned off alone."""
    if style.link or any(getattr(style, name) for name in _OTHERS):
        return None
    on = frozenset(name for name in _ON if getattr(style, name))
    return _Look(on, _codes(style, system, letters=True), _codes(style, system, letters=False))


def _codes(style: Style, system: ColorSystem, *, letters: bool) -> str:
    colour = style.color if letters else style.bgcolor
    if colour is None or colour.is_default:
        return ""
    return ";".join(colour.downgrade(system).get_ansi_codes(foreground=letters))


@lru_cache(maxsize=4096)
def _between(before: _Look, after: _Look) -> str:
    """The codes that lead from one look to another."""
    on, off = after.on - before.on, before.on - after.on
    if off & _BOLD_OR_DIM:
        on |= after.on & _BOLD_OR_DIM  # both go together
    codes = [*dict.fromkeys(_OFF[name] for name in sorted(off)), *(_ON[name] for name in sorted(on))]
    if before.letters != after.letters:
        codes.append(after.letters or "39")
    if before.ground != after.ground:
        codes.append(after.ground or "49")
    return ";".join(codes)
