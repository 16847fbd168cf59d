"""The four truths of a row as four marks: `●●○?`."""

from __future__ import annotations

from collections.abc import Iterable

from meshtui.mesh.snapshot import Mark
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone

TRUTHS = ("desired", "issued", "held", "served")
"""What the marks stand for, in their order."""


def mark(value: Mark, glyphs: Glyphs) -> Piece:
    """One truth. What agrees is quiet; what differs, or could not be asked, is not."""
    return {
        Mark.AGREES: Piece(glyphs.agrees, Tone.QUIET),
        Mark.DIFFERS: Piece(glyphs.differs, Tone.BAD),
        Mark.UNKNOWN: Piece(glyphs.unasked, Tone.UNSURE),
        Mark.ABSENT: Piece(glyphs.absent, Tone.QUIET),
    }[value]


def marks(truths: Iterable[Mark], glyphs: Glyphs) -> Line:
    """All four, a cell each."""
    return tuple(mark(value, glyphs) for value in truths)
