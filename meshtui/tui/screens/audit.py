"""The time line of everything that mattered: issued, refused, configured, denied, done by operators."""

from __future__ import annotations

from meshtui.errors import UsageError
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import HistoryEntry
from meshtui.mesh.traffic import AuditQuery
from meshtui.present.audit import AUDIT, TOLD, Told, told, told_key, told_lines, told_summary
from meshtui.tui.board import Board
from meshtui.tui.listing import Listing, Reading
from meshtui.tui.places import Place
from meshtui.tui.screens.filtered import Placed
from meshtui.tui.screens.items import ItemsScreen
from meshtui.tui.screens.page import Drawing, Load, PageScreen

ASKED_FOR = 2_000
"""Entries of one reading, the newest."""
RARE_SHOWN = 500
"""Entries of other kinds than denials that are there at least."""
_RARE = ("issued", "refused", "configuration", "operator")


async def _read(mesh: Mesh) -> Reading[Told]:
    entries = await mesh.audit(AuditQuery(limit=ASKED_FOR))
    if len(entries) < ASKED_FOR:
        return Reading(told(entries))
    # a caller that is denied a hundred times a second leaves no room for what was done by people
    oldest = entries[-1].at
    rare = [each for each in await mesh.audit(AuditQuery(kinds=_RARE, limit=RARE_SHOWN)) if each.at < oldest]
    return Reading(told([*entries, *rare]), "and older ones")


LISTING: Listing[Told] = Listing(
    noun="entries",
    capability="audit",
    read=_read,
    key=told_key,
    language=TOLD,
    table=AUDIT,
    summary=told_summary,
    is_timeline=True,
)


class AuditScreen(ItemsScreen[Told], Placed):
    """A list with an entry in each line, newest first."""

    def __init__(self, board: Board, *, jumps: bool) -> None:
        super().__init__(board, LISTING, jumps=jumps)

    @property
    def place(self) -> Place:
        """Where one is."""
        return Place.AUDIT

    async def open_item(self, item: Told) -> None:
        """Show it whole, with what the CA has on record about its certificate."""
        await self.open(PageScreen(self.board, (*self.crumbs, item.entry.kind), _page(item)))


def _page(item: Told) -> Load:
    async def load(mesh: Mesh) -> Drawing:
        recorded: list[HistoryEntry] = []
        if item.entry.serial:
            try:
                recorded = [each for each in await mesh.history(item.entry.serial) if each.record]
            except UsageError:
                recorded = []  # of another CA
        return lambda now, width, glyphs: told_lines(item, recorded, now, width, glyphs)

    return load
