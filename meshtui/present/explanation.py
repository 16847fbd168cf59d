"""Whether one may call another, as lines. (A stand-in until the part that owns it is merged.)"""

from __future__ import annotations

from meshtui.mesh.access import Explanation
from meshtui.present.cells import paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone


def explanation_lines(explanation: Explanation, width: int, glyphs: Glyphs) -> list[Line]:
    """The answer."""
    word = "allowed" if explanation.allowed else "denied"
    lines = paragraph(glyphs.show(explanation.reason), width, first=(Piece(f"{word}: ", Tone.STRONG),))
    for step in explanation.trail:
        lines += paragraph(glyphs.show(f"{step.action} {step.policy} {step.why}"), width)
    return lines
