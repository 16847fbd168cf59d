"""The authorities as a tree of who signed whom, with how many certificates each signed."""

from __future__ import annotations

from meshtui.mesh.interface import Mesh
from meshtui.present.trust_tree import BRANCHES, TREE, Branch, branch_summary, trust_tree
from meshtui.tui.board import Board
from meshtui.tui.listing import Listing, Reading
from meshtui.tui.places import Place
from meshtui.tui.screens.about_targets import AboutTargetsScreen


async def _read(mesh: Mesh) -> Reading[Branch]:
    return Reading(trust_tree((await mesh.overview()).signers))


LISTING: Listing[Branch] = Listing(
    noun="authorities",
    capability="authorities",
    read=_read,
    key=lambda branch: branch.target,
    language=BRANCHES,
    table=TREE,
    summary=branch_summary,
)


class AuthoritiesScreen(AboutTargetsScreen[Branch]):
    """A list with an authority in each line, those that it signed below it."""

    def __init__(self, board: Board, *, jumps: bool) -> None:
        super().__init__(board, LISTING, jumps=jumps)

    @property
    def place(self) -> Place:
        """Where one is."""
        return Place.AUTHORITIES

    async def open_item(self, item: Branch) -> None:
        """Show everything about it."""
        await self.open_about(item.target)
