"""Who can call whom as a page: the whole grid, in as many blocks of columns as it takes."""

from __future__ import annotations

from meshtui.mesh.access import Matrix
from meshtui.present.glyphs import Glyphs
from meshtui.present.matrix import Grid, cell_line, heading, legend, source_name
from meshtui.present.tones import Line, Piece, Tone


def matrix_lines(matrix: Matrix, width: int, glyphs: Glyphs) -> list[Line]:
    """Every pair, in lines of at most `width` cells; what the signs mean comes last."""
    if not matrix.destinations:
        return [(Piece("No workload here has a proxy that could enforce a policy.", Tone.QUIET),)]
    grid = Grid(matrix)
    layout = grid.layout(width)
    lines: list[Line] = []
    for left in range(0, len(matrix.destinations), layout.shown):
        columns = range(left, min(left + layout.shown, len(matrix.destinations)))
        lines += heading(grid, layout, left, glyphs)
        for row in range(len(matrix.sources)):
            cells = (cell_line(grid.at(row, column), layout, glyphs) for column in columns)
            lines.append((*source_name(grid, row, layout, glyphs), *(piece for cell in cells for piece in cell)))
        lines.append(())
    return [*lines, legend(glyphs)]
