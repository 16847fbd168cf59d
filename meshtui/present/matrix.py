"""Who can call whom, as a grid: a line for each source, a column for each destination, a sign for each pair."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from meshtui.mesh.access import Matrix, MatrixCell, Reach
from meshtui.mesh.traffic import PLAINTEXT
from meshtui.present.cells import cut, fit, fit_line, width_of
from meshtui.present.columns import Column, Table
from meshtui.present.ends import end_line, end_name
from meshtui.present.glyphs import Glyphs
from meshtui.present.states import Badge
from meshtui.present.tones import Line, Piece, Tone

_COLUMN_AT_LEAST, _COLUMN_AT_MOST = 7, 16
_LABEL_AT_LEAST, _LABEL_AT_MOST = 16, 34


@dataclass(frozen=True)
class Layout:
    """How a grid is spread over a width."""

    label: int
    """Cells of the sources' names."""
    column: int
    """Cells of each destination, the gap behind it included."""
    shown: int
    """How many destinations fit."""


@dataclass(frozen=True)
class Grid:
    """A matrix that can be asked by place."""

    matrix: Matrix
    by_ends: Mapping[tuple[str, str], MatrixCell] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        cells = {(cell.source, cell.destination): cell for cell in self.matrix.cells}
        object.__setattr__(self, "by_ends", cells)

    def at(self, row: int, column: int) -> MatrixCell | None:
        """The cell of a source and a destination; None outside, or where the mesh said nothing."""
        if row >= len(self.matrix.sources) or column >= len(self.matrix.destinations):
            return None
        return self.by_ends.get((self.matrix.sources[row], self.matrix.destinations[column]))

    def layout(self, width: int) -> Layout:
        """Names as wide as there is room for them, columns as many as fit."""
        names = [width_of(end_name(source)) for source in self.matrix.sources]
        label = min(max([_LABEL_AT_LEAST, *names]), _LABEL_AT_MOST, max(width // 3, _LABEL_AT_LEAST))
        room = max(width - label - 2, _COLUMN_AT_LEAST)
        count = len(self.matrix.destinations) or 1
        column = min(max(room // count, _COLUMN_AT_LEAST), _COLUMN_AT_MOST)
        return Layout(label, column, min(max(room // column, 1), count))


def reach_badge(reach: Reach, source: str, glyphs: Glyphs) -> Badge:
    """What one may ask of another, as a sign and a word."""
    # that nobody gets through without an identity is as it should be
    broken = Tone.QUIET if source == PLAINTEXT else Tone.BAD
    glyph, word, tone = {
        Reach.ALL: (glyphs.agrees, "all", Tone.GOOD),
        Reach.SOME: (glyphs.partly, "some", Tone.BUSY),
        Reach.NONE: (glyphs.absent, "none", Tone.QUIET),
        Reach.BROKEN: (glyphs.broken, "no connection", broken),
    }[reach]
    return Badge(glyph, word, tone)


def abbreviated(name: str, width: int, ellipsis: str) -> str:
    """Both ends of a name: the beginning says what it is, and the end often which of several."""
    if width_of(name) <= width:
        return name
    tail = max((width - len(ellipsis)) // 2, 0)
    return cut(name[: width - len(ellipsis) - tail], width, "") + ellipsis + name[len(name) - tail :]


def heading(grid: Grid, layout: Layout, left: int, glyphs: Glyphs) -> tuple[Line, Line]:
    """The destinations from `left` on: their namespaces where one begins, and below them their names."""
    namespaces: list[Piece] = [Piece(fit("", layout.label + 2))]
    names: list[Piece] = [Piece(fit("FROM / TO", layout.label + 2), Tone.QUIET)]
    before = None
    for target in grid.matrix.destinations[left : left + layout.shown]:
        namespace, _, name = end_name(target).rpartition("/")
        shown = glyphs.show(namespace) if namespace != before else ""
        namespaces.append(Piece(fit(shown, layout.column - 1, glyphs.ellipsis) + " ", Tone.QUIET))
        names.append(Piece(fit(abbreviated(glyphs.show(name), layout.column - 1, glyphs.ellipsis), layout.column)))
        before = namespace
    return tuple(namespaces), tuple(names)


def source_name(grid: Grid, row: int, layout: Layout, glyphs: Glyphs) -> Line:
    """The name of a source, in its column."""
    name = end_name(grid.matrix.sources[row])
    return fit_line(end_line(name, layout.label, glyphs), layout.label + 2, glyphs.ellipsis)


def cell_line(cell: MatrixCell | None, layout: Layout, glyphs: Glyphs) -> Line:
    """The sign of a pair, in its column; the gap behind it is a piece of its own."""
    gap = Piece(" ")
    if cell is None:
        return (Piece(fit(glyphs.unknown, layout.column - 1), Tone.UNSURE), gap)
    badge = reach_badge(cell.reach, cell.source, glyphs)
    return (Piece(fit(badge.glyph, layout.column - 1), badge.tone), gap)


def cell_summary(cell: MatrixCell, _now: datetime, width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """Who calls whom, how far that reaches in a word, and why. Two lines."""
    badge = reach_badge(cell.reach, cell.source, glyphs)
    ends = f"{end_name(cell.source)} {glyphs.calls} {end_name(cell.destination)}"
    first = (Piece(glyphs.show(ends), Tone.STRONG), Piece("   "), *badge.line(glyphs))
    return tuple(fit_line(line, width, glyphs.ellipsis) for line in (first, (Piece(glyphs.show(cell.reason)),)))


def legend(glyphs: Glyphs) -> Line:
    """What the signs mean."""
    badges = [reach_badge(reach, "", glyphs) for reach in Reach]
    return tuple(piece for each in badges for piece in (Piece(each.glyph, each.tone), Piece(f" {each.word}   ")))


def _source(cell: MatrixCell, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    return end_line(end_name(cell.source), width, glyphs)


def _destination(cell: MatrixCell, _now: datetime, width: int, glyphs: Glyphs) -> Line:
    return end_line(end_name(cell.destination), width, glyphs)


def _reach(cell: MatrixCell, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return reach_badge(cell.reach, cell.source, glyphs).line(glyphs)


def _reason(cell: MatrixCell, _now: datetime, _width: int, glyphs: Glyphs) -> Line:
    return (Piece(glyphs.show(cell.reason), Tone.QUIET),)


REACHES: Table[MatrixCell] = Table(
    columns=(
        Column("reach", "MAY CALL", 16),
        Column("source", "FROM", 0, share=2),
        Column("destination", "TO", 0, share=2),
        Column("reason", "WHY", 0, 90, share=4),
    ),
    drawn={"reach": _reach, "source": _source, "destination": _destination, "reason": _reason},
)
"""Cells of a matrix as a list: who may call one workload, and whom it may call."""
