"""The overview of the embedded mesh: made in turns of the event loop, and only when something is different.

However many consoles show it, and however often, it is made at most once a second.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from meshtui.backends.embedded import views
from meshtui.errors import StateError
from meshtui.findings import Findings
from meshtui.mesh.overview import Census, Overview
from meshtui.mesh.rates import INTERVAL, INTERVALS, RateCounter
from meshtui.mesh.rows import Query

if TYPE_CHECKING:
    from meshtui.backends.embedded.core import MeshCore

FRESH_FOR = timedelta(seconds=1)
"""How old it may be at least, whatever happens."""
GOOD_FOR = timedelta(seconds=10)
"""How old it may be at most: shares of lifetimes change by the clock."""
EXAMINED = 200
"""Rows in trouble of which findings are made; when nothing can be renewed it may be all of ten thousand."""
ALL_EXAMINED = 2000
"""The same for those who ask for all: more than anyone reads."""
_AT_ONCE = 2000
_REMEMBERED = 20_000
"""Decisions that are read from the ledger at the start."""


class Overviews:
    """Keeps the newest overview, and counts what the CA decides."""

    def __init__(self, core: MeshCore) -> None:
        self._core = core
        self._rates = RateCounter()
        self._making = asyncio.Lock()
        self._made: tuple[int, Overview] | None = None

    def remember(self) -> None:
        """Count what the CA decided before this owner began. A ledger that cannot be read leaves it at nothing."""
        since = self._core.clock() - INTERVAL * INTERVALS
        try:
            decisions = self._core.ledger.decisions(since, _REMEMBERED)
        except StateError:
            return  # said where it matters: to whoever asks for history
        for at, issued, times in decisions:
            self._rates.count(at, issued=issued, times=times)

    def decided(self, event: dict[str, Any]) -> None:
        """The CA says that it issued or refused something."""
        if event.get("event") in ("issued", "refused"):
            self._rates.count(self._core.clock(), issued=event["event"] == "issued")

    async def current(self) -> Overview:
        """The newest one, made now if it has to be."""
        async with self._making:
            now, version = self._core.clock(), self._core.board.version
            if self._made is not None:
                made, overview = self._made
                age = now - overview.at
                if timedelta(0) <= age < (GOOD_FOR if made == version else FRESH_FOR):
                    return overview
            overview = await self._make(now)
            self._made = (version, overview)
            return overview

    async def _make(self, now: datetime) -> Overview:
        core = self._core
        census = Census(now)
        rows = core.board.rows
        for begin in range(0, len(rows), _AT_ONCE):
            census.count(rows[begin : begin + _AT_ONCE])
            await asyncio.sleep(0)
        found = await self._findings(now, EXAMINED)
        rates = self._rates.rates(now)
        return census.overview(core.authorities.values(), found.findings, rates, complete=found.complete)

    async def findings(self) -> Findings:
        """All that is wrong."""
        return await self._findings(self._core.clock(), ALL_EXAMINED)

    async def _findings(self, now: datetime, most: int) -> Findings:
        """Of the mesh, and of the workloads in trouble; those that are well have none, and are not looked at."""
        core = self._core
        page = core.board.page(Query(only_trouble=True, limit=most), now)
        targets = {row.target for row in page.rows} | {each.target for each in core.serving}
        found = await views.all_findings(core, now, targets)
        return Findings(findings=found, complete=len(page.rows) == page.matching)
