"""Text measured in the cells of a terminal: how wide it is, cut or filled to a width, folded into lines."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache

from meshtui.present.tones import Line, Piece, Tone


def width_of(text: str) -> int:
    """Cells that visible text takes: two for wide East Asian characters (UAX #11), none for combining marks."""
    return len(text) if text.isascii() else sum(map(_width, text))


def cut(text: str, width: int, ellipsis: str = "…") -> str:
    """`text`, or as much of it as fits into `width` cells with an ellipsis at its end."""
    if width_of(text) <= width:
        return text
    if width < len(ellipsis):
        return ""
    room, kept = width - len(ellipsis), 0
    for index, char in enumerate(text):
        kept += _width(char)
        if kept > room:
            return text[:index] + ellipsis
    return text


def cut_start(text: str, width: int, ellipsis: str = "…") -> str:
    """The end of `text` with an ellipsis before it: for names whose last word tells them apart."""
    if width_of(text) <= width:
        return text
    room = max(width - len(ellipsis), 0)
    for index in range(len(text)):
        if width_of(text[index:]) <= room:
            return ellipsis + text[index:] if width >= len(ellipsis) else ""
    return ""


def fit(text: str, width: int, ellipsis: str = "…") -> str:
    """`text` in exactly `width` cells, cut with an ellipsis or filled with spaces on the right."""
    text = cut(text, width, ellipsis)
    return text + " " * (width - width_of(text))


def line_width(line: Line) -> int:
    """Cells that a line takes."""
    return sum(width_of(piece.text) for piece in line)


def cut_line(line: Line, width: int, ellipsis: str = "…") -> Line:
    """A line in at most `width` cells; the piece in which it ends is cut, and what comes after is left out."""
    kept, left = [], width
    for piece in line:
        size = width_of(piece.text)
        if size > left:
            kept.append(Piece(cut(piece.text, left, ellipsis), piece.tone))
            return tuple(kept)
        kept.append(piece)
        left -= size
    return tuple(kept)


def fit_line(line: Line, width: int, ellipsis: str = "…") -> Line:
    """A line in exactly `width` cells, cut or filled with spaces on the right, in the tone that it ends with."""
    line = cut_line(line, width, ellipsis)
    missing = width - line_width(line)
    if not missing:
        return line
    if not line:
        return (Piece(" " * missing),)
    return (*line[:-1], Piece(line[-1].text + " " * missing, line[-1].tone))


def fold(text: str, width: int) -> list[str]:
    """`text` in lines of at most `width` cells, broken at spaces; a word that is too long is broken anywhere."""
    lines, current = [], ""
    for word in _words(text.split(), max(width, 1)):
        longer = f"{current} {word}" if current else word
        if width_of(longer) <= width or not current:
            current = longer
        else:
            lines.append(current)
            current = word
    return [*lines, current] if current else lines


def paragraph(text: str, width: int, tone: Tone = Tone.PLAIN, *, first: Line = ()) -> list[Line]:
    """`text` folded behind `first`, the lines that follow indented to where the text began."""
    margin = line_width(first)
    folded = fold(text, width - margin) or [""]
    indent = (Piece(" " * margin),) if margin else ()
    return [(*first, Piece(folded[0], tone)), *((*indent, Piece(more, tone)) for more in folded[1:])]


def section(title: str, lines: Sequence[Line]) -> list[Line]:
    """Lines under a title of their own, a blank line before it; nothing without lines."""
    return [(), (Piece(title, Tone.STRONG),), *lines] if lines else []


def _words(words: Iterable[str], width: int) -> Iterator[str]:
    for word in words:
        rest = word
        while width_of(rest) > width:
            piece = cut(rest, width, "") or rest[0]
            yield piece
            rest = rest[len(piece) :]
        yield rest


@lru_cache(maxsize=2048)
def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
