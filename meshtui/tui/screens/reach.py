"""Who may call one workload, and whom it may call."""

from __future__ import annotations

from meshtui.mesh.access import AccessQuestion, MatrixCell, Reach
from meshtui.mesh.filters.calls import CELLS
from meshtui.mesh.interface import Mesh
from meshtui.present.ends import end_name
from meshtui.present.matrix import REACHES, cell_summary
from meshtui.tui.asking import explained
from meshtui.tui.board import Board
from meshtui.tui.listing import Listing, Reading
from meshtui.tui.screens.opened_items import OpenedItemsScreen
from meshtui.tui.screens.page import PageScreen

_ORDER = {reach: place for place, reach in enumerate((Reach.BROKEN, Reach.ALL, Reach.SOME, Reach.NONE))}


def listing(target: str) -> Listing[MatrixCell]:
    """Cells of the matrix about one workload: those who call it first, in each half what cannot work first."""

    async def read(mesh: Mesh) -> Reading[MatrixCell]:
        matrix = await mesh.matrix()
        into = [cell for cell in matrix.cells if cell.destination == target]
        out = [cell for cell in matrix.cells if cell.source == target and cell.destination != target]
        return Reading([cell for half in (into, out) for cell in sorted(half, key=lambda cell: _ORDER[cell.reach])])

    return Listing(
        noun=f"callers of {end_name(target)}",
        capability="matrix",
        read=read,
        key=lambda cell: f"{cell.source}\0{cell.destination}",
        language=CELLS,
        table=REACHES,
        summary=cell_summary,
    )


class ReachScreen(OpenedItemsScreen[MatrixCell]):
    """A list with a caller or somebody called in each line."""

    def __init__(self, board: Board, target: str, above: tuple[str, ...]) -> None:
        super().__init__(board, listing(target), (*above, f"calls of {end_name(target)}"), jumps=False)

    async def open_item(self, item: MatrixCell) -> None:
        """Show why."""
        question = AccessQuestion(source=item.source, destination=item.destination)
        await self.open(PageScreen(self.board, (*self.crumbs, "explain"), explained(question)))
