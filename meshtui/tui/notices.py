"""What the mesh wants the person to know, above the body of a screen, until it is put away. Pure."""

from __future__ import annotations

from meshtui.present.cells import paragraph
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board


def notice_lines(board: Board, width: int) -> list[Line]:
    """A sentence after the other, and the key that puts them away."""
    first = (Piece(f" {board.glyphs.alarm} ", Tone.WARN),)
    folded = [paragraph(board.glyphs.show(text), width - 1, first=first) for text in board.notices]
    lines = [line for lines in folded for line in lines]
    if lines:
        lines[-1] = (*lines[-1], Piece("   esc", Tone.BUSY), Piece(" dismiss", Tone.QUIET))
    return lines
