"""The policies of the mesh: how each is enforced, and who can call whom by them."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType

from meshtui.errors import RefusedError, UsageError
from meshtui.mesh.access import PolicyRow
from meshtui.mesh.filters import policies as filters
from meshtui.mesh.interface import Mesh
from meshtui.mesh.traffic import Call, TrafficQuery
from meshtui.present.cells import section
from meshtui.present.manifest import manifest_lines
from meshtui.present.policies import POLICIES, policy_lines, policy_summary
from meshtui.present.traffic import call_lines
from meshtui.tui.board import Board
from meshtui.tui.keys import bound
from meshtui.tui.listing import Listing, Reading
from meshtui.tui.places import Place
from meshtui.tui.screens.filtered import Placed
from meshtui.tui.screens.items import ItemsScreen
from meshtui.tui.screens.page import Drawing, Load, PageScreen

DENIED_SHOWN = 10
"""Calls that a policy denied, on its page."""


_URGENCY = ("rejected", "without effect", "pending")
"""States that need eyes, the worst first; all others come after them."""


async def _read(mesh: Mesh) -> Reading[PolicyRow]:
    def urgency(row: PolicyRow) -> int:
        return _URGENCY.index(row.state) if row.state in _URGENCY else len(_URGENCY)

    return Reading(sorted(await mesh.policies(), key=urgency))


LISTING: Listing[PolicyRow] = Listing(
    noun="policies",
    capability="policies",
    read=_read,
    key=lambda row: row.policy,
    language=filters.POLICIES,
    table=POLICIES,
    summary=policy_summary,
)


class PoliciesScreen(ItemsScreen[PolicyRow], Placed):
    """A list with a policy in each line."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("matrix")]

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("open", "open"),
        ("matrix", "who can call whom"),
        *ItemsScreen.FOOTER[1:],
    )

    def __init__(self, board: Board, *, jumps: bool) -> None:
        super().__init__(board, LISTING, jumps=jumps)

    @property
    def place(self) -> Place:
        """Where one is."""
        return Place.POLICIES

    async def open_item(self, item: PolicyRow) -> None:
        """Show how it stands, what it denied, and what is written."""
        await self.open(PageScreen(self.board, (*self.crumbs, f"{item.namespace}/{item.name}"), _page(item)))

    async def action_matrix(self) -> None:
        """Show who can call whom."""
        from meshtui.tui.screens.matrix import MatrixScreen  # noqa: PLC0415 - a start need not wait for it

        await self.open(MatrixScreen(self.board, self.crumbs))


def _page(item: PolicyRow) -> Load:
    async def load(mesh: Mesh) -> Drawing:
        rows = {row.policy: row for row in await mesh.policies()}
        row = rows.get(item.policy, item)
        documents = await mesh.get(item.kind, item.name, item.namespace)
        denied = await _denied_by(mesh, item.policy)
        return lambda now, width, glyphs: [
            *policy_lines(row, width, glyphs),
            *section("LAST DENIED BY IT", call_lines(denied, now, width, glyphs)),
            *section("MANIFEST", [line for each in documents for line in manifest_lines(each, width, glyphs)]),
        ]

    return load


async def _denied_by(mesh: Mesh, policy: str) -> list[Call]:
    try:
        traffic = await mesh.traffic(TrafficQuery(filter=policy, denied_only=True, limit=DENIED_SHOWN))
    except (RefusedError, UsageError):
        return []  # a mesh that tells no calls may have policies all the same
    return [call for call in traffic.denied if call.policy == policy]
