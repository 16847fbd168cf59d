"""Asks a large mesh for the rows that the console misses: one request at a time, the newest question next.

Keys that are typed while an answer is on its way so cost one request, not one each. Knows no widget: it posts answers.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.message import Message

from meshtui.errors import MeshError, UnreachableError
from meshtui.mesh.interface import Mesh
from meshtui.tui.messages import Failed, PageArrived
from meshtui.tui.widgets.in_view import Need
from meshtui.tui.widgets.row_store import RowStore

PACE = 0.5
"""Seconds between two looks at an order that changes; what is missing is asked for without waiting."""


class Pager:
    """Keeps a store supplied until it is cancelled or the mesh is gone."""

    def __init__(self, store: RowStore, post: Callable[[Message], object]) -> None:
        self._store = store
        self._post = post
        self._something = asyncio.Event()
        store.on_need = self._something.set

    async def run(self, mesh: Mesh) -> None:
        """Ask whenever the store needs something, and post what comes. Returns when the mesh does not answer."""
        try:
            while True:
                await self._until_needed()
                query = self._store.ask()
                try:
                    self._post(PageArrived(query, await mesh.rows(query)))
                except UnreachableError:
                    return  # of which the feed hears too, and tells
                except MeshError as error:
                    self._post(Failed(error))
                    self._store.unanswered()
                    await asyncio.sleep(PACE)
        finally:
            self._store.unanswered()

    async def _until_needed(self) -> None:
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while (need := self._store.need) is not Need.NOW:
            self._something.clear()
            left = begun + PACE - loop.time() if need is Need.LATER else None
            if left is not None and left <= 0:
                return
            # Not wait_for: before Python 3.12 it may swallow a cancellation
            try:
                async with asyncio.timeout(left):
                    await self._something.wait()
            except TimeoutError:
                return
