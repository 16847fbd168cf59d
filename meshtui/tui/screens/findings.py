"""All that is wrong with the mesh, worst first, each with what to do about it."""

from __future__ import annotations

from typing import ClassVar

from meshtui.findings import Finding
from meshtui.mesh.filters import findings as filters
from meshtui.mesh.interface import Mesh
from meshtui.present.findings import FINDINGS, finding_key, finding_summary
from meshtui.tui.board import Board
from meshtui.tui.listing import Listing, Reading
from meshtui.tui.places import Place
from meshtui.tui.screens.about_targets import AboutTargetsScreen


async def _read(mesh: Mesh) -> Reading[Finding]:
    found = await mesh.findings()
    return Reading(found.findings, "" if found.complete else "only of what expires soonest")


LISTING: Listing[Finding] = Listing(
    noun="findings",
    capability="findings",
    read=_read,
    key=finding_key,
    language=filters.FINDINGS,
    table=FINDINGS,
    summary=finding_summary,
)


class FindingsScreen(AboutTargetsScreen[Finding]):
    """A list with a finding in each line."""

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("fix", "fix"),
        ("open", "open"),
        ("help", "help"),
        ("filter", "filter"),
        ("command", "command"),
        ("next-view", "view"),
        ("quit", "quit"),
    )

    def __init__(self, board: Board, *, jumps: bool) -> None:
        super().__init__(board, LISTING, jumps=jumps)

    @property
    def place(self) -> Place:
        """Where one is."""
        return Place.FINDINGS

    async def open_item(self, item: Finding) -> None:
        """Show everything about what it is about."""
        await self.open_about(item.target, item)
