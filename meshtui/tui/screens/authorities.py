"""The authorities as a tree of who signed whom, with how many certificates each signed."""

from __future__ import annotations

from meshtui.mesh.interface import Mesh
from meshtui.present.trust_tree import TREE, Branch, branch_summary, text_of_branch, trust_tree
from meshtui.tui.board import Board
from meshtui.tui.listing import Listing, Reading
from meshtui.tui.places import Place
from meshtui.tui.screens.filtered import Placed
from meshtui.tui.screens.items import ItemsScreen
from meshtui.tui.screens.targeted import Targeted
from meshtui.tui.widgets.lines import Lines


async def _read(mesh: Mesh) -> Reading[Branch]:
    return Reading(trust_tree((await mesh.overview()).signers))


LISTING: Listing[Branch] = Listing(
    noun="authorities",
    capability="authorities",
    read=_read,
    key=lambda branch: branch.target,
    text=text_of_branch,
    table=TREE,
    summary=branch_summary,
)


class AuthoritiesScreen(ItemsScreen[Branch], Targeted, Placed):
    """A list with an authority in each line, those that it signed below it."""

    FOLLOWS_THE_BOARD = True
    PACE = 1.0

    def __init__(self, board: Board, *, jumps: bool) -> None:
        super().__init__(board, LISTING, jumps=jumps)

    @property
    def place(self) -> Place:
        """Where one is."""
        return Place.AUTHORITIES

    @property
    def target(self) -> str:
        """The authority under the cursor."""
        return self.selected.target if self.selected is not None else ""

    def above(self) -> list[Lines]:
        """The places."""
        return [Lines(id="places")]

    def on_cursor_list_moved(self) -> None:
        """The cursor is on another authority."""
        self.moved()

    async def open_item(self, item: Branch) -> None:
        """Show everything about it."""
        await self.open_about(item.target)
