"""Words with a meaning for the eye, and no toolkit: what a terminal or a console makes of a tone is its own affair."""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple


class Tone(StrEnum):
    """What a piece of text is for. Never the only carrier of a meaning: a glyph or a word always says it too."""

    PLAIN = "plain"
    STRONG = "strong"
    """Names and titles: what the eye steps on."""
    QUIET = "quiet"
    """Labels, and all that is as it should be."""
    GOOD = "good"
    """Something that was asked for has come to pass."""
    BUSY = "busy"
    """Something is under way."""
    WARN = "warn"
    BAD = "bad"
    UNSURE = "unsure"
    """It could not be learned."""
    GUARD = "guard"
    """Nothing can be changed from here: as loud as it gets, so that nobody is mistaken."""
    CARET = "caret"
    """Where the next character that is typed will stand."""


class Piece(NamedTuple):
    """Text of one tone. It is inert: foreign strings went through `escape` on their way here."""

    text: str
    tone: Tone = Tone.PLAIN


Line = tuple[Piece, ...]
"""One line of a screen, from left to right."""


def plain(line: Line) -> str:
    """The words alone."""
    return "".join(piece.text for piece in line)
