"""The calls of the mesh: who called whom and how that ended, denied ones first, and those one by one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import ClassVar

from textual.binding import BindingType

from meshtui.mesh.access import AccessQuestion
from meshtui.mesh.filters import calls as filters
from meshtui.mesh.interface import Mesh
from meshtui.mesh.traffic import PLAINTEXT, Call, Outcome, Pair, TrafficQuery
from meshtui.present.cells import section
from meshtui.present.ends import called_name, caller_name
from meshtui.present.times import clock, counted
from meshtui.present.traffic import (
    DENIED,
    TRAFFIC,
    call_key,
    call_lines,
    call_summary,
    pair_key,
    pair_lines,
    pair_summary,
)
from meshtui.tui.asking import explained
from meshtui.tui.board import Board
from meshtui.tui.keys import bound
from meshtui.tui.listing import Listing, Reading
from meshtui.tui.places import Place
from meshtui.tui.screens.filtered import Placed
from meshtui.tui.screens.items import ItemsScreen
from meshtui.tui.screens.opened_items import OpenedItemsScreen
from meshtui.tui.screens.page import Drawing, Load, PageScreen

ASKED_FOR = 2_000
"""Pairs, or calls, of one reading."""

CALLS_SHOWN = 5
"""Calls of a pair, on its page."""

_ORDER = {outcome: place for place, outcome in enumerate(Outcome)}


_AGES = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""What was called lately comes before what was not."""


def _place(pair: Pair, newest: datetime) -> tuple[int, int, str, str]:
    # not by number or moment: what is called all the time would change places all the time
    age = sum(newest - pair.last_at >= limit for limit in _AGES)
    return _ORDER[pair.outcome], age, pair.destination, pair_key(pair)


async def _pairs(mesh: Mesh) -> Reading[Pair]:
    traffic = await mesh.traffic(TrafficQuery(limit=ASKED_FOR))
    newest = max((pair.last_at for pair in traffic.pairs), default=traffic.since)
    pairs = sorted(traffic.pairs, key=lambda pair: _place(pair, newest))
    missing = f"   {counted(traffic.dropped)} calls not counted" if traffic.dropped else ""
    return Reading(pairs, f"since {clock(traffic.since)}{missing}")


async def _calls(mesh: Mesh) -> Reading[Call]:
    return Reading((await mesh.traffic(TrafficQuery(denied_only=True, limit=ASKED_FOR))).denied)


PAIRS: Listing[Pair] = Listing(
    noun="calls",
    capability="traffic",
    read=_pairs,
    key=pair_key,
    language=filters.PAIRS,
    table=TRAFFIC,
    summary=pair_summary,
)
CALLS: Listing[Call] = Listing(
    noun="denied calls",
    capability="traffic",
    read=_calls,
    key=call_key,
    language=filters.CALLS,
    table=DENIED,
    summary=call_summary,
    is_timeline=True,
)


class TrafficScreen(ItemsScreen[Pair], Placed):
    """A list with a pair of callers in each line."""

    BINDINGS: ClassVar[list[BindingType]] = [bound("denied")]

    FOOTER: ClassVar[tuple[tuple[str, str], ...]] = (
        ("open", "open"),
        ("denied", "denied calls"),
        *ItemsScreen.FOOTER[1:],
    )

    def __init__(self, board: Board, *, jumps: bool) -> None:
        super().__init__(board, PAIRS, jumps=jumps)
        self._jumps = jumps

    @property
    def place(self) -> Place:
        """Where one is."""
        return Place.TRAFFIC

    async def open_item(self, item: Pair) -> None:
        """Show its numbers, its last calls, and whether policies say the same."""
        ends = f"{caller_name(item)} {self.board.glyphs.calls} {called_name(item.destination)}"
        await self.open(PageScreen(self.board, (*self.crumbs, ends), _page(item)))

    async def action_denied(self) -> None:
        """Show denied calls one by one."""
        await self.open(DeniedScreen(self.board, self.crumbs, jumps=self._jumps))


class DeniedScreen(OpenedItemsScreen[Call]):
    """A list with a denied call in each line, newest first."""

    def __init__(self, board: Board, above: tuple[str, ...], *, jumps: bool) -> None:
        super().__init__(board, CALLS, (*above, "denied"), jumps=jumps)

    async def open_item(self, item: Call) -> None:
        """Show what policies say of such a call now."""
        question = AccessQuestion(
            source=item.source_target or item.source or PLAINTEXT,
            destination=item.destination,
            method=item.method,
            path=item.path.partition("?")[0],
            host=item.host,
        )
        await self.open(PageScreen(self.board, (*self.crumbs, "explain"), explained(question)))


def _page(item: Pair) -> Load:
    async def load(mesh: Mesh) -> Drawing:
        # quoted: a host can be called like a field
        words = " ".join(f'"{end}"' for end in (item.source_target or item.source, item.destination) if end)
        traffic = await mesh.traffic(TrafficQuery(filter=words, limit=ASKED_FOR))
        key = pair_key(item)
        pair = next((each for each in traffic.pairs if pair_key(each) == key), item)
        calls = [call for call in traffic.denied if _is_of(call, item)][:CALLS_SHOWN]
        drawn = await explained(_question(pair))(mesh)
        return lambda now, width, glyphs: [
            *pair_lines(pair, now, width, glyphs),
            *section("LAST DENIED", call_lines(calls, now, width, glyphs, ends=False)),
            *section("WHAT POLICIES SAY OF THE LAST ONE NOW", drawn(now, width, glyphs)),
        ]

    return load


def _is_of(call: Call, pair: Pair) -> bool:
    ends = (pair.source, pair.destination, pair.policy, pair.outcome)
    return (call.source, call.destination, call.policy, call.outcome) == ends


def _question(pair: Pair) -> AccessQuestion:
    """Whether its last call may be made."""
    method, _, url = pair.last_text.partition(" ")
    host, slash, path = url.partition("/")
    return AccessQuestion(
        source=pair.source_target or pair.source or PLAINTEXT,
        destination=pair.destination,
        method=method or "GET",
        path=f"{slash}{path}".partition("?")[0] or "/",
        host=host,
    )
