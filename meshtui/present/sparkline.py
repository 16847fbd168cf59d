"""Numbers as heights and lengths: a row of them in a cell each, and one of them as a bar."""

from __future__ import annotations

from collections.abc import Sequence

from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone


def sparkline(values: Sequence[int], glyphs: Glyphs, tone: Tone = Tone.PLAIN) -> Line:
    """A cell for each value, as high as it is beside the largest; none is as low as nothing that is not nothing.

    Nothing is quiet, whatever the tone of the rest.
    """
    most, steps = max(values, default=0), len(glyphs.levels) - 1
    pieces: list[Piece] = []
    for value in values:
        height = -(-value * steps // most) if most else 0
        piece = Piece(glyphs.levels[height], tone if height else Tone.QUIET)
        if pieces and pieces[-1].tone is piece.tone:
            piece = Piece(pieces.pop().text + piece.text, piece.tone)
        pieces.append(piece)
    return tuple(pieces)


def bar(value: int, most: int, width: int, glyphs: Glyphs) -> str:
    """A bar of at most `width` cells, as long as `value` is beside `most`; anything at all can be seen."""
    if value <= 0 or most <= 0:
        return ""
    whole = len(glyphs.parts)
    steps = max(value * width * whole // most, 1)
    return glyphs.parts[-1] * (steps // whole) + (glyphs.parts[steps % whole - 1] if steps % whole else "")
