"""Columns of lists: which of them fit a width, and how wide each is. What stands in them is said elsewhere.

Every cell is exactly as wide as its column, so that nothing on a screen moves when a text changes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Generic, TypeVar

from meshtui.present.cells import cut, fit, fit_line
from meshtui.present.glyphs import Glyphs
from meshtui.present.tones import Line, Piece, Tone

T = TypeVar("T")

GAP = 2
"""Cells between two columns."""


@dataclass(frozen=True)
class Column:
    """One column of a list. A `width` of 0 takes what the others leave."""

    key: str
    title: str
    width: int
    from_width: int = 0
    """Cells that a list must have to show it."""
    share: int = 1
    """Of what is left, beside the other columns without a width."""
    until_width: int = 1_000
    """Cells from which another column says the same better."""


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
        chosen = [column for column in self.columns if column.from_width <= width < column.until_width]
        room = max(width - GAP * (len(chosen) - 1) - sum(column.width for column in chosen), 0)
        shares = sum(column.share for column in chosen if not column.width)
        widths: dict[str, int] = {}
        for column in chosen:
            if not column.width:
                widths[column.key] = room * column.share // shares
                room, shares = room - widths[column.key], shares - column.share
        return tuple(replace(column, width=widths.get(column.key, column.width)) for column in chosen)

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
