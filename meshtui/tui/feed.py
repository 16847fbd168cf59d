"""Keeps the console supplied: opens the mesh, loads the rows of a small one, passes changes on, and opens it again
when it stops answering. Of a large mesh it reads one page; others are asked for by the `pager`, as they are looked at.

Knows no widget: all it does is post messages, at most a few a second however much happens.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from datetime import datetime

from textual.message import Message

from meshtui.errors import MeshError, UnreachableError
from meshtui.mesh.events import ActivityChanged, InfoChanged, MeshEvent, RowChanged, RowGone
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Query, Row
from meshtui.tui.messages import (
    ActivityArrived,
    InfoArrived,
    MeshLost,
    MeshOpened,
    MeshUnopened,
    PageArrived,
    RowsArrived,
)
from meshtui.tui.widgets.row_store import WHOLE

PAGE = 500
"""Rows of one request."""

LOADS = 3
"""Attempts at reading a list that never holds still; what is missed then comes with its next change."""

PACE = 0.25
"""Seconds between two messages with changes: four a second is as fast as eyes read."""

BACKOFF = (0.5, 1.0, 2.0, 5.0, 10.0)
"""Seconds before each attempt to open a lost mesh again; the last one for all that follow."""

HEARTBEAT = 10.0
"""Seconds of silence after which the mesh is asked whether it is there."""

PATIENCE = 5.0
"""Seconds that it may take to answer that."""

OpenMesh = Callable[[], Awaitable[Mesh]]


class Feed:
    """One mesh, followed until the task of `run` is cancelled."""

    def __init__(
        self,
        open_mesh: OpenMesh,
        post: Callable[[Message], object],
        now: Callable[[], datetime],
        *,
        backoff: Sequence[float] = BACKOFF,
        heartbeat: float = HEARTBEAT,
    ) -> None:
        self._open = open_mesh
        self._post = post
        self._now = now
        self._backoff = backoff
        self._heartbeat = heartbeat
        self._known: set[str] | None = set()
        """Targets that were told of, and would have to be taken back; None of a large mesh."""
        self._last_heard: datetime | None = None
        self._pending: dict[str, MeshEvent] = {}
        self._something = asyncio.Event()

    async def run(self) -> None:
        """Follow the mesh. Returns when it could not be opened the first time; raises only what is a bug."""
        failures = 0
        while True:
            opened = False
            try:
                mesh = await self._open()
                try:
                    self._post(MeshOpened(mesh, await mesh.info()))
                    opened = True
                    await self._follow(mesh)
                finally:
                    await mesh.close()
            except MeshError as error:
                failures = 0 if opened else failures + 1
                if not opened and self._last_heard is None:
                    self._post(MeshUnopened(error))
                    return
                self._post(MeshLost(error, self._last_heard or self._now()))
            await asyncio.sleep(self._backoff[min(failures, len(self._backoff) - 1)])

    async def _follow(self, mesh: Mesh) -> None:
        """Load and pass on until the mesh stops answering; raises MeshError then."""
        self._heard()
        self._pending.clear()
        self._something.clear()
        collector = asyncio.create_task(self._collect(mesh.watch()))
        try:
            # The watch begins with the collector's first step; rows that change after it are not missed
            await asyncio.sleep(0)
            await self._load(mesh)
            while not collector.done():
                await self._pass_on(mesh)
        finally:
            collector.cancel()
            await asyncio.wait([collector])
            error = None if collector.cancelled() else collector.exception()
        raise error or UnreachableError("The mesh ended the conversation.")

    async def _collect(self, events: AsyncIterator[MeshEvent]) -> None:
        """Keep the newest event of each target."""
        try:
            async for event in events:
                self._heard()
                self._pending[_about(event)] = event
                self._something.set()
        finally:
            self._something.set()

    async def _load(self, mesh: Mesh) -> None:
        """All rows of a small mesh, a page at a time; again from the start when they changed places while they were
        read. Of a large one the first page.
        """
        for _ in range(LOADS):
            seen: set[str] = set()
            while True:
                page = await mesh.rows(query := Query(offset=len(seen), limit=PAGE))
                self._heard()
                if page.total > WHOLE and not seen:
                    self._known = None
                    self._post(PageArrived(query, page))
                    return
                fresh = {row.target for row in page.rows} - seen
                seen |= fresh
                done = not fresh or len(seen) >= page.matching
                known = self._known or set()
                gone = tuple(known - seen) if done else ()
                self._known = known | fresh
                self._post(RowsArrived(page.rows, gone, complete=done))
                if done:
                    break
            self._known = seen
            if len(seen) >= page.matching:
                return

    async def _pass_on(self, mesh: Mesh) -> None:
        """Wait for changes and post them together; ask for a sign of life when there are none."""
        try:
            # Not wait_for: before Python 3.12 it may swallow a cancellation, and the feed would never end
            async with asyncio.timeout(self._heartbeat):
                await self._something.wait()
        except TimeoutError:
            await self._ask(mesh)
            return
        self._something.clear()
        events, self._pending = self._pending, {}
        rows: list[Row] = [event.row for event in events.values() if isinstance(event, RowChanged)]
        gone = [event.target for event in events.values() if isinstance(event, RowGone)]
        if rows or gone:
            if self._known is not None:
                known = (self._known | {row.target for row in rows}) - set(gone)
                self._known = known if len(known) <= 2 * WHOLE else None
            self._post(RowsArrived(tuple(rows), tuple(gone)))
        for event in events.values():
            if isinstance(event, InfoChanged):
                self._post(InfoArrived(event.info))
            elif isinstance(event, ActivityChanged):
                self._post(ActivityArrived())
        await asyncio.sleep(PACE)

    async def _ask(self, mesh: Mesh) -> None:
        try:
            async with asyncio.timeout(PATIENCE):
                info = await mesh.info()
        except TimeoutError as error:
            raise UnreachableError(f"The mesh did not answer within {PATIENCE:g}s.") from error
        self._heard()
        self._post(InfoArrived(info))

    def _heard(self) -> None:
        self._last_heard = self._now()


def _about(event: MeshEvent) -> str:
    """What an event is about: a newer one about the same takes its place."""
    if isinstance(event, RowChanged):
        return event.row.target
    return event.target if isinstance(event, RowGone) else type(event).__name__
