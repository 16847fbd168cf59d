"""Where two lines of a terminal differ, and where many lines are others moved up or down. Knows no terminal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

APART = 6
"""Cells that stay the same between two that change, from which moving there is shorter than writing over them."""
FEWEST_MOVED = 4
"""Lines from which having the terminal move them is worth the trouble."""

_CELL = 4
"""Bytes."""
_CHANGED = re.compile(rb"(?s:(?!\0{%d}).)+" % (APART * _CELL))
_LETTER = re.compile(r"(?s:[^ ])")


def runs(before: Strip, after: Strip) -> Iterator[tuple[int, int]]:
    """Start and end of the stretches of cells in which two lines of the same length differ.

    Every character is one cell wide. Compared as numbers: cell by cell it takes longer than drawing them.
    """
    old, new = _cells(before), _cells(after)
    size = before.cell_length * _CELL
    changed = bytes(size) if old == new else ((old[0] ^ new[0]) | (old[1] ^ new[1])).to_bytes(size, "little")
    for found in _CHANGED.finditer(changed):
        stretch = found[0].rstrip(b"\0")
        if stretch:
            start = found.start() + len(stretch) - len(stretch.lstrip(b"\0"))
            yield start // _CELL, -(-(found.start() + len(stretch)) // _CELL)


def cut(line: Strip, start: int, end: int) -> Iterator[Segment]:
    """A stretch of a line. A strip of its own would take longer to make than to write."""
    place = 0
    for text, style, _ in line:
        behind = place + len(text)
        if behind > start:
            if place >= end:
                return
            yield Segment(text[max(start - place, 0) : end - place], style)
        place = behind


def _cells(line: Strip) -> tuple[int, int]:
    """The characters of a line as a number of 32 bits each, and so what of their styles can be seen."""
    looks = "".join([_looks(segment) for segment in line])
    return _number(line.text), _number(looks)


def _number(text: str) -> int:
    return int.from_bytes(text.encode("utf-32-le", "surrogatepass"), "little")


@lru_cache(maxsize=4096)
def _looks(segment: Segment) -> str:
    """For each character one that stands for what can be seen of its style."""
    letter, blank = chr(_known(segment.style)), chr(_known(_seen_of_blank(segment.style)))
    return blank.join(_LETTER.sub(letter, part) for part in segment.text.split(" "))


_KNOWN: dict[object, int] = {}


def _known(look: object) -> int:
    """A number of its own for each look; 0 and the blank are none."""
    return _KNOWN.setdefault(look, 0x100 + len(_KNOWN))


@lru_cache(maxsize=1024)
def _seen_of_blank(style: Style | None) -> object:
    """The ground alone, unless a line goes through it or it is the colour of letters."""
    if style is None:
        return None
    lined = style.underline or style.underline2 or style.overline or style.strike
    return style if lined or style.reverse else style.bgcolor


class Move(NamedTuple):
    """Lines `top` to `bottom`, both included, move up by so many lines; down where it is negative."""

    top: int
    bottom: int
    up: int


def moved(known: Sequence[Strip | None], changed: Mapping[int, Strip]) -> Move | None:
    """What of the changed lines a terminal would get right by moving those that it shows; None if it is not worth it.

    `known` are all lines of the terminal, None those of which it is not known what they show.
    """
    if len(changed) < FEWEST_MOVED:
        return None
    places = {tuple(line): y for y, line in enumerate(known) if line is not None and not line.text.isspace()}
    ways = Counter(places[key] - y for y, line in changed.items() if (key := tuple(line)) in places)
    ways.pop(0, None)
    if not ways:
        return None
    ((up, count),) = ways.most_common(1)
    right = [y for y, line in changed.items() if places.get(tuple(line)) == y + up]
    top, bottom = min(right) + min(up, 0), max(right) + max(up, 0)
    lost = sum(1 for y in range(top, bottom + 1) if y not in changed)
    if count < FEWEST_MOVED or count <= 2 * lost or any(known[y] is None for y in range(top, bottom + 1)):
        return None
    return Move(top, bottom, up)
