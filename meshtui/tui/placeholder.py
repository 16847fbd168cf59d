"""What stands where a list has no rows: what is being waited for, why there is nothing, and what to press. Pure."""

from __future__ import annotations

from meshtui.errors import MeshError
from meshtui.present.cells import fold
from meshtui.present.glyphs import Glyphs
from meshtui.present.times import counted
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board, Link

_MARGIN = Piece("  ")


def placeholder(board: Board, width: int) -> tuple[Line, ...]:
    """The lines, a blank one first."""
    if board.link is Link.CLOSED and board.error is not None:
        return ((), *_unopened(board.error, board.glyphs, width - 4))
    if board.link is Link.OPENING:
        return ((), _waiting(board.opening, board.glyphs))
    if not board.complete:
        return ((), _waiting("reading the rows", board.glyphs))
    store = board.store
    if store.total:
        words = f"none of {counted(store.total)} {store.view} matches /{store.filter.strip()}   "
        keys = (Piece("esc", Tone.BUSY), Piece(" clear the filter", Tone.QUIET))
        return ((), (_MARGIN, Piece(board.glyphs.show(words)), *keys))
    return ((), (_MARGIN, Piece(f"this mesh has no {store.view}", Tone.QUIET)))


def _waiting(words: str, glyphs: Glyphs) -> Line:
    return (_MARGIN, Piece(f"{glyphs.busy} {glyphs.show(words)}{glyphs.ellipsis}", Tone.BUSY))


def _unopened(error: MeshError, glyphs: Glyphs, width: int) -> list[Line]:
    # Messages with several problems have a line for each
    reasons = [text for line in error.message.splitlines() for text in fold(glyphs.show(line), width)]
    fixes = fold(glyphs.show(error.fix), width)
    keys = (Piece("ctrl-r", Tone.BUSY), Piece(" try again   "), Piece("q", Tone.BUSY), Piece(" quit"))
    lines: list[Line] = [(_MARGIN, Piece(text, Tone.BAD)) for text in reasons]
    return [*lines, *((_MARGIN, Piece(text)) for text in fixes), (), (_MARGIN, *keys)]
