"""Shell commands that are wider than a screen, broken where a shell lets them be: they can be pasted as they stand."""

from __future__ import annotations

import re

from meshtui.present.cells import width_of
from meshtui.present.tones import Line, Piece, Tone

_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")
"""A word of a shell command, with the spaces that are quoted in it."""
_CONTINUED = " \\"
_INDENT = "    "


def command_lines(command: str, width: int) -> list[Line]:
    """The command in lines of at most `width` cells if its words allow, each but the last one ending with ` \\`."""
    lines: list[str] = []
    current = ""
    for part in _parts(command):
        longer = f"{current} {part}" if current.strip() else f"{current}{part}"
        if current.strip() and width_of(longer) + len(_CONTINUED) > width:
            lines.append(current + _CONTINUED)
            current = _INDENT + part
        else:
            current = longer
    return [(Piece(line, Tone.PLAIN),) for line in [*lines, current]]


def _parts(command: str) -> list[str]:
    """Its words, an option and the word after it as one: so it is read."""
    parts: list[str] = []
    for word in _WORD.findall(command):
        if parts and not word.startswith("-") and parts[-1].startswith("-") and " " not in parts[-1]:
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    return parts
