"""The rows of the mesh as they are now, and those who watch them change."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from datetime import datetime

from meshtui.mesh.events import ActivityChanged, InfoChanged, MeshEvent, RowChanged, RowGone
from meshtui.mesh.index import RowIndex
from meshtui.mesh.rows import Page, Query, Row
from meshtui.mesh.snapshot import MeshInfo

_ACTIVITY = "\0"
"""No target: what a watcher has not been told of it is one event, too."""


class Board:
    """Rows by target. A watcher that is slow gets the newest state of each row, not every state."""

    def __init__(self) -> None:
        self._index = RowIndex()
        self._watchers: set[_Watcher] = set()
        self.version = 0
        """Grows with everything that anybody is told."""

    @property
    def rows(self) -> list[Row]:
        """All of them, in no order."""
        return self._index.rows

    def row(self, target: str) -> Row | None:
        """One of them."""
        return self._index.get(target)

    def page(self, query: Query, now: datetime) -> Page:
        """One sorted, filtered page; raises UsageError for one that cannot be."""
        return self._index.page(query, now)

    def put(self, row: Row) -> None:
        """This is how the row is now; nobody hears of it if that is how it was."""
        if self._index.get(row.target) != row:
            self._index.put(row)
            self._tell(row.target, RowChanged(row=row))

    def drop(self, target: str) -> None:
        """The target is gone."""
        if self._index.drop(target) is not None:
            self._tell(target, RowGone(target=target))

    def announce(self, info: MeshInfo) -> None:
        """This is how the mesh itself is now."""
        self._tell("", InfoChanged(info=info))

    def tell_activity(self, revision: int) -> None:
        """Policies, traffic or the time line are different now."""
        self._tell(_ACTIVITY, ActivityChanged(revision=revision))

    async def watch(self) -> AsyncGenerator[MeshEvent]:
        """Changes from now on."""
        watcher = _Watcher()
        self._watchers.add(watcher)
        try:
            while True:
                await watcher.changed.wait()
                for event in watcher.take():
                    yield event
        finally:
            self._watchers.discard(watcher)

    def _tell(self, target: str, event: MeshEvent) -> None:
        self.version += 1
        for watcher in self._watchers:
            watcher.tell(target, event)


class _Watcher:
    """What one watcher has not been told yet: at most one event for each row."""

    def __init__(self) -> None:
        self._events: dict[str, MeshEvent] = {}
        self.changed = asyncio.Event()

    def tell(self, target: str, event: MeshEvent) -> None:
        self._events[target] = event
        self.changed.set()

    def take(self) -> list[MeshEvent]:
        events, self._events = list(self._events.values()), {}
        self.changed.clear()
        return events
