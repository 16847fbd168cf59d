"""What stands where a list has no rows: what is being waited for, why there is nothing, and what to press. Pure."""

from __future__ import annotations

from typing import Any

from meshtui.errors import MeshError
from meshtui.mesh.filter import Filter
from meshtui.mesh.filter_fields import Language
from meshtui.mesh.filters.certificates import CERTIFICATES
from meshtui.present.cells import cut, fold, line_width
from meshtui.present.glyphs import Glyphs
from meshtui.present.times import counted
from meshtui.present.tones import Line, Piece, Tone
from meshtui.tui.board import Board, Link

_MARGIN = Piece("  ")


def placeholder(board: Board, width: int) -> tuple[Line, ...]:
    """The lines of a list of certificates, a blank one first."""
    store = board.store
    if board.link is Link.CLOSED and board.error is not None:
        return ((), *unopened(board.error, board.glyphs, width - 4))
    if board.link is Link.OPENING:
        return ((), waiting(board.opening, board.glyphs))
    if not board.complete:
        return ((), waiting("reading the rows", board.glyphs))
    if store.total and not store.shown.filter.strip():
        return ((), none_in_trouble(store.total, store.shown.view, board.keymap.shown("only-trouble")))
    if store.total:
        text = store.shown.filter
        line = none_matches(store.total, store.shown.view, text, board.glyphs, width)
        return ((), line, *odd(text, CERTIFICATES, board.glyphs, width))
    return ((), none_here(store.shown.view))


def waiting(words: str, glyphs: Glyphs) -> Line:
    """Something is under way."""
    return (_MARGIN, Piece(f"{glyphs.busy} {glyphs.show(words)}{glyphs.ellipsis}", Tone.BUSY))


def none_matches(total: int, noun: str, text: str, glyphs: Glyphs, width: int) -> Line:
    """The filter lets nothing through. Where it is long, what ends it stays in sight."""
    words = glyphs.show(f"none of {counted(total)} {noun} matches /{text.strip()}")
    keys = (Piece("   "), Piece("esc", Tone.BUSY), Piece(" clear the filter", Tone.QUIET))
    return (_MARGIN, Piece(cut(words, width - line_width((_MARGIN, *keys)), glyphs.ellipsis)), *keys)


def odd(text: str, language: Language[Any], glyphs: Glyphs, width: int) -> tuple[Line, ...]:
    """What may be why a filter lets nothing through: a misspelt field. It may have come by a command, of which the
    line where filters are typed says nothing.
    """
    problem = Filter.parse(text, language).problem
    folded = fold(glyphs.show(problem), width - 4) if problem else []
    return tuple((_MARGIN, Piece(words, Tone.QUIET)) for words in folded)


def none_in_trouble(total: int, noun: str, key: str) -> Line:
    """What is shown is only what is wrong, and nothing is."""
    words = f"none of {counted(total)} {noun} is in trouble   "
    return (_MARGIN, Piece(words), Piece(key, Tone.BUSY), Piece(" show all", Tone.QUIET))


def none_here(noun: str) -> Line:
    """There is nothing of the kind."""
    return (_MARGIN, Piece(f"this mesh has no {noun}", Tone.QUIET))


def absent(noun: str, reason: str, glyphs: Glyphs, width: int) -> list[Line]:
    """The mesh cannot have it."""
    words = fold(glyphs.show(f"This mesh shows no {noun}: {reason}"), width)
    return [(_MARGIN, Piece(text, Tone.UNSURE)) for text in words]


def error_lines(error: MeshError, glyphs: Glyphs, width: int) -> list[Line]:
    """Why something cannot be shown, and what to do."""
    # Messages with several problems have a line for each
    reasons = [text for line in error.message.splitlines() for text in fold(glyphs.show(line), width)]
    fixes = fold(glyphs.show(error.fix), width)
    lines: list[Line] = [(_MARGIN, Piece(text, Tone.BAD)) for text in reasons]
    return [*lines, *((_MARGIN, Piece(text)) for text in fixes)]


def unopened(error: MeshError, glyphs: Glyphs, width: int) -> list[Line]:
    """There is no mesh: why, and what to press."""
    keys = (Piece("ctrl-r", Tone.BUSY), Piece(" try again   "), Piece("q", Tone.BUSY), Piece(" quit"))
    return [*error_lines(error, glyphs, width), (), (_MARGIN, *keys)]
