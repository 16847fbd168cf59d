"""Shell commands that can be pasted as they stand: broken only where a shell allows it, and for the right mesh."""

from __future__ import annotations

import re
import shlex

from meshtui.present.cells import width_of
from meshtui.present.tones import Line, Piece, Tone

_WORD = re.compile(r"""(?:[^\s'"]|'[^']*'|"[^"]*")+""")
"""A word of a shell command, with the spaces that are quoted in it."""
_CONTINUED = " \\"
_INDENT = "    "


_OF_A_MESH = "serve|status|issue|rotate|undo|verify|history|apply|get|delete|token|screenshot|info"
_OURS = re.compile(rf"\bmeshtui (?:{_OF_A_MESH})\b")
"""How a command of ours begins that is about the mesh of a state directory."""


def with_state(text: str, state: str) -> str:
    """A text whose commands of ours, wherever they stand in it, name the state directory; as it is without one.

    The mesh itself does not know how whoever reads its words came to it.
    """
    return _OURS.sub(lambda found: f"{found[0]} --state {shlex.quote(state)}", text) if state else text


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
