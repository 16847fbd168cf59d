"""The pager asks for what the store misses, and for nothing twice."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from msgspec.structs import replace
from textual.message import Message

from meshtui.errors import MeshError, RefusedError, UnreachableError
from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.rows import Page, Query, View
from meshtui.tui.messages import Failed, PageArrived
from meshtui.tui.pager import Pager
from meshtui.tui.widgets.row_store import RowStore
from tests.tui.console import NOW, Clock

FLEET = fleet_rows(3000, NOW)


class Watched(FakeMesh):
    """Its answers wait for `ready`; what it was asked is kept."""

    def __init__(self) -> None:
        super().__init__(FLEET, now=Clock())
        self.asked: asyncio.Queue[Query] = asyncio.Queue()
        self.ready = asyncio.Event()
        self.error: MeshError | None = None

    async def rows(self, query: Query) -> Page:
        self.asked.put_nowait(query)
        await self.ready.wait()
        if self.error is not None:
            raise self.error
        return await super().rows(query)


class Setting:
    def __init__(self) -> None:
        self.mesh, self.store = Watched(), RowStore()
        self.posted: asyncio.Queue[Message] = asyncio.Queue()
        self.pager = Pager(self.store, self.posted.put_nowait)
        self.task = asyncio.create_task(self.pager.run(self.mesh))

    async def begin(self) -> None:
        """The first page, as the feed reads it."""
        first = Query(limit=500)
        self.store.take(first, await FakeMesh.rows(self.mesh, first))
        self.store.look(0, 38, FLEET[0].target)

    async def next(self) -> Message:
        async with asyncio.timeout(10):
            return await self.posted.get()

    async def taken(self) -> Query:
        """Take the next answer, as the app does; what was asked for."""
        message = await self.next()
        assert isinstance(message, PageArrived)
        self.store.take(message.query, message.page)
        return message.query

    async def asked(self) -> Query:
        async with asyncio.timeout(10):
            return await self.mesh.asked.get()


@asynccontextmanager
async def paged() -> AsyncIterator[Setting]:
    setting = Setting()
    await setting.begin()
    yield setting
    setting.task.cancel()
    await asyncio.wait([setting.task])


async def test_of_keys_typed_while_an_answer_is_on_its_way_the_last_is_asked_for() -> None:
    """Five letters cost two requests, and the first answer, which nobody waits for any more, shows nothing."""
    async with paged() as here:
        here.store.arrange(View.IDENTITIES, "l")
        assert (await here.asked()).filter == "l"
        for end in range(2, 6):
            here.store.arrange(View.IDENTITIES, "ledger"[:end])
        here.mesh.ready.set()
        assert (await here.taken()).filter == "l"
        assert here.store.shown.filter == ""
        assert (await here.taken()).filter == "ledge"
        assert here.store.shown.filter == "ledge"
        assert (await here.asked()).filter == "ledge"
        assert here.mesh.asked.empty()


async def test_nothing_is_asked_while_nothing_is_missing() -> None:
    """Moving about in what is here costs nothing; a move to its edge asks for what comes next, before it is seen."""
    async with paged() as here:
        here.mesh.ready.set()
        here.store.look(100, 38, FLEET[100].target)
        here.store.look(400, 38, "")
        query = await here.taken()
        assert (query, here.mesh.asked.qsize()) == (await here.asked(), 1)
        assert here.store.at(400 + 38 + 79) is not None


async def test_changes_of_the_order_are_looked_at_a_few_times_a_second() -> None:
    """However many rows change, the order is asked for once in a while."""
    async with paged() as here:
        here.mesh.ready.set()
        for row in FLEET[:1000]:
            changed = replace(row, last_error="loud")
            here.mesh.put(changed)
            here.store.update([changed])
            await asyncio.sleep(0)
        await here.taken()
        assert here.mesh.asked.qsize() <= 2


async def test_a_mesh_that_is_gone_ends_it_and_the_next_one_is_asked() -> None:
    """The feed tells of the loss; what was missing is asked of the mesh that is opened then."""
    async with paged() as here:
        here.mesh.error = UnreachableError("The mesh does not answer.")
        here.mesh.ready.set()
        here.store.arrange(View.GATEWAYS, "")
        async with asyncio.timeout(10):
            await here.task
        assert here.posted.empty()
        here.mesh.error = None
        here.task = asyncio.create_task(here.pager.run(here.mesh))
        assert (await here.taken()).view is View.GATEWAYS


async def test_a_question_that_is_refused_is_told_and_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal is no reason to leave a hole in the list."""
    monkeypatch.setattr("meshtui.tui.pager.PACE", 0.01)
    async with paged() as here:
        here.mesh.error = RefusedError("Too many calls at once.")
        here.mesh.ready.set()
        here.store.look(1500, 38, "")
        message = await here.next()
        assert isinstance(message, Failed)
        assert message.error == here.mesh.error
        here.mesh.error = None
        while not isinstance(message, PageArrived):
            message = await here.next()
        assert message.query.offset > 1000
