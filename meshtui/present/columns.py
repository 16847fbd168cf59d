"""Columns of lists: which of them fit a width, and how wide each is. What stands in them is said elsewhere.

Every cell is exactly as wide as its column, so that nothing on a screen moves when a text changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from meshtui.present.cells import cut, fit, fit_line
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone

T = TypeVar("T")

GAP = 2
"""Cells between two columns."""


NEVER = 1_000_000
"""Cells that no list has."""


@dataclass(frozen=True)
class Column:
    """One column of a list. A `width` of 0 takes what the others leave."""

    key: str
    title: str
    width: int
    from_width: int = 0
    """Cells that a list must have to show it; from `NEVER` on it shows only to who wants it."""
    share: int = 1
    """Of what is left, beside the other columns without a width."""
    until_width: int = NEVER
    """Cells from which another column says the same better."""
    least: int = 16
    """Cells that one without a width needs to say something,"""
    most: int = NEVER
    """and that are enough for it where another one takes the rest."""
    stays: bool = False
    """Whether it says which item a line is about: it does not scroll out of sight."""


@dataclass(frozen=True)
class Wanted:
    """What a person wants to see of a list; nothing: what there is room for."""

    named: tuple[str, ...] = ()
    """Keys of columns, in this order, whatever the width."""
    every: bool = False
    """All that there are."""
    skipped: int = 0
    """Of what does not fit: columns that are scrolled out of sight, beside those that stay."""


class Layout(NamedTuple):
    """What a list shows."""

    columns: tuple[Column, ...]
    """Each with the width it gets."""
    before: int = 0
    """Columns that are out of sight on the left,"""
    behind: int = 0
    """and on the right."""


def lay_out(columns: tuple[Column, ...], width: int, wanted: Wanted = Wanted()) -> Layout:
    """The columns that a list of `width` cells shows."""
    chosen = _chosen(columns, width, wanted)
    if not wanted.named and not wanted.every:
        return Layout(_spread(chosen, width))
    if _needed(chosen) <= width:
        return Layout(_spread(chosen, width, full=True))
    staying = tuple(column for column in chosen if column.stays) or chosen[:1]
    others = tuple(column for column in chosen if column not in staying)
    # No further than to where the last one is in sight
    furthest = next((n for n in range(len(others)) if _needed((*staying, *others[n:])) <= width), len(others) - 1)
    before = min(wanted.skipped, max(furthest, 0))
    end = len(others)
    while end > before + 1 and _needed((*staying, *others[before:end])) > width:
        end -= 1
    seen = tuple(column for column in chosen if column in staying or column in others[before:end])
    return Layout(_spread(_cut(seen, width), width, full=True), before, len(others) - end)


def _chosen(columns: tuple[Column, ...], width: int, wanted: Wanted) -> tuple[Column, ...]:
    known = {column.key: column for column in columns}
    named = tuple(known[key] for key in wanted.named if key in known)
    if named and not wanted.every:
        return named
    fitting = {column for column in columns if column.from_width <= width < column.until_width}
    if not wanted.every:
        return tuple(column for column in columns if column in fitting)
    # What another column says better is not one more; nor is the same name in two columns
    every = {column for column in columns if (column in fitting if column.stays else column.until_width == NEVER)}
    return (*named, *(column for column in columns if column in every and column not in named))


def _cut(columns: tuple[Column, ...], width: int) -> tuple[Column, ...]:
    """Have the one beside those that stay take less where it needs more than there is, and nothing without room."""
    over = _needed(columns) - width
    if over <= 0:
        return columns
    cut = (
        column if column.stays else replace(column, width=(column.width or column.least) - over) for column in columns
    )
    return tuple(column for column in cut if column.stays or column.width > 0)


def _needed(columns: tuple[Column, ...]) -> int:
    """Cells in which each of them says something."""
    return sum(column.width or column.least for column in columns) + GAP * (len(columns) - 1)


def _spread(columns: tuple[Column, ...], width: int, *, full: bool = False) -> tuple[Column, ...]:
    """Give what is left to those without a width: by their shares, `full`: of what is more than they need."""
    elastic = [column for column in columns if not column.width]
    widths = {column.key: column.width or (column.least if full else 0) for column in columns}
    room = max(width - GAP * (len(columns) - 1) - sum(widths.values()), 0)
    shares = sum(column.share for column in elastic)
    for place, column in enumerate(elastic, 1):
        more = room * column.share // shares
        if place < len(elastic):
            more = min(more, max(column.most - widths[column.key], 0))
        widths[column.key] += more
        room, shares = room - more, shares - column.share
    return tuple(replace(column, width=widths[column.key]) for column in columns)


Cell = Callable[[T, datetime, int, Glyphs], Line]
"""What stands in a column: of an item, now, in so many cells, in these signs."""


@dataclass(frozen=True)
class Table(Generic[T]):
    """How items of one kind look in a list."""

    columns: tuple[Column, ...]
    drawn: Mapping[str, Cell[T]]
    """By the key of a column."""

    def layout(self, width: int) -> tuple[Column, ...]:
        """The columns that a list of `width` cells shows, each with the width it gets."""
        return lay_out(self.columns, width).columns

    def cells(self, item: T, columns: tuple[Column, ...], now: datetime, glyphs: Glyphs) -> tuple[Line, ...]:
        """What stands in each column."""
        return tuple(
            fit_line(self.drawn[column.key](item, now, column.width, glyphs), column.width, glyphs.ellipsis)
            for column in columns
        )


def titles(columns: tuple[Column, ...], glyphs: Glyphs, signs: Mapping[str, str] | None = None) -> Line:
    """The heading of a list; `signs` of one cell stand behind the titles of columns, in the gap where there is no
    other room.
    """
    signs = signs or {}
    texts = [
        fit(fit_sign(item, signs.get(item.key, ""), glyphs), item.width + GAP, glyphs.ellipsis) for item in columns
    ]
    return (Piece("".join(texts)[:-GAP], Tone.QUIET),)


def fit_sign(column: Column, sign: str, glyphs: Glyphs) -> str:
    """A title, and a sign close behind it."""
    return cut(column.title, column.width, glyphs.ellipsis) + sign


def joined(cells: tuple[Line, ...]) -> Line:
    """The cells of an item as one line, for where nothing has a cursor."""
    first, *rest = cells
    return (*first, *(piece for cell in rest for piece in (Piece(" " * GAP), *cell)))
