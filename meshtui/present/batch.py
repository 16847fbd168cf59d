"""A batch in words: before it, what is particular about it; during it, how far it is; after it, what became of it."""

from __future__ import annotations

from meshtui.mesh.batch import Batch, Ended
from meshtui.present.cells import paragraph
from meshtui.present.glyphs import Glyphs
from meshtui.present.times import counted
from meshtui.present.tones import Line, Piece, Tone

_DONE = {"issue": "Issued", "rotate": "Rotated", "undo": "Undid"}
_LEFT_OUT = 3
"""Of those that are left out, told with their reason; the rest is counted."""


def batch_lines(batch: Batch, width: int, glyphs: Glyphs) -> list[Line]:
    """What the plan does not say itself: who goes first, what stops it, and who is left out."""
    first, *others = batch.targets
    lines: list[Line] = [()]
    if others:
        text = f"Canary: {first}. The other {counted(len(others))} follow one at a time when it passed verification."
        lines += paragraph(glyphs.show(text), width)
        lines += paragraph("The first failure stops it, and so does esc; it ends with this console.", width)
    for target, reason in batch.left_out[:_LEFT_OUT]:
        said = (Piece(f"{glyphs.alarm} ", Tone.WARN),)
        lines += paragraph(glyphs.show(f"Left out: {target} ({reason})"), width, Tone.WARN, first=said)
    if more := len(batch.left_out) - _LEFT_OUT:
        lines += [(Piece(f"{glyphs.alarm} {counted(more)} more are left out", Tone.WARN),)] if more > 0 else []
    return lines


def under_way(verb: str, number: int, total: int, glyphs: Glyphs, *, stopping: bool) -> Line:
    """How far it is, for the header."""
    text = f"{glyphs.busy} {verb} {counted(number)} of {counted(total)}"
    return (Piece(f"{text}, stopping" if stopping else text, Tone.BUSY),)


def summary(ended: Ended) -> str:
    """What became of it, as sentences."""
    word = _DONE.get(ended.verb, ended.verb)
    total = len(ended.done) + len(ended.left) + bool(ended.failed)
    text = f"{word} {counted(len(ended.done))} of {counted(total)}."
    if ended.failed:
        reason = ended.reason if ended.reason.endswith((".", "!", "?")) else f"{ended.reason}."
        text += f" It stopped at {ended.failed}: {reason}"
    if ended.left:
        stopped = "" if ended.failed else " It was stopped."
        text += f"{stopped} {counted(len(ended.left))} not begun, and still marked."
    return text
