"""The feed keeps a console supplied, whatever the mesh does."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, TypeVar

import pytest
from msgspec.structs import replace
from textual.message import Message

from meshtui.errors import UnreachableError
from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Page, Query
from meshtui.mesh.snapshot import MeshInfo
from meshtui.tui.feed import PAGE, Feed
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
from tests.tui.console import NOW, Clock, console

M = TypeVar("M", bound=Message)


class Inbox:
    """Where a feed posts to."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[Message] = asyncio.Queue()

    async def next(self, kind: type[M]) -> M:
        """The next message of a kind; others are passed over."""
        async with asyncio.timeout(10):
            while not isinstance(message := await self.queue.get(), kind):
                pass
            return message


@asynccontextmanager
async def followed(open_mesh: Callable[[], Awaitable[Mesh]], **options: Any) -> Any:
    inbox, clock = Inbox(), Clock()
    feed = Feed(open_mesh, inbox.queue.put_nowait, clock, **({"backoff": (0.01,)} | options))
    task = asyncio.create_task(feed.run())
    yield inbox, clock
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()


def lending(mesh: Mesh) -> Callable[[], Awaitable[Mesh]]:
    async def open_mesh() -> Mesh:
        return mesh

    return open_mesh


async def test_rows_of_a_small_mesh_come_page_by_page_soonest_first() -> None:
    """The first message has what a screen needs; the last one says that nothing is missing."""
    mesh = FakeMesh(fleet_rows(PAGE + 10, NOW), now=Clock())
    async with followed(lending(mesh)) as (inbox, _):
        assert (await inbox.next(MeshOpened)).info == await mesh.info()
        pages = [await inbox.next(RowsArrived) for _ in range(2)]
        assert [(len(page.rows), page.complete) for page in pages] == [(PAGE, False), (10, True)]
        ends = [row.not_after for page in pages for row in page.rows]
        assert ends == sorted(ends)


async def test_of_a_large_mesh_one_page_is_read() -> None:
    """Others are asked for as they are looked at, and changes are told of all the same."""
    mesh = FakeMesh(fleet_rows(WHOLE + 1, NOW), now=Clock())
    async with followed(lending(mesh)) as (inbox, _):
        message = await inbox.next(PageArrived)
        assert message.page == await mesh.rows(message.query)
        assert len(message.page.rows) == PAGE
        changed = replace(fleet_rows(WHOLE + 1, NOW)[-1], last_error="loud")
        mesh.put(changed)
        assert (await inbox.next(RowsArrived)).rows == (changed,)


async def test_many_changes_are_one_message() -> None:
    """However often rows change, there are few messages, and each row is as it was last."""
    mesh = FakeMesh(now=Clock())
    async with followed(lending(mesh)) as (inbox, _):
        await inbox.next(RowsArrived)
        row = (await mesh.detail("workload/prod/httpbin")).row
        for number in range(1000):
            mesh.put(replace(row, last_error=str(number)))
        seen = [await inbox.next(RowsArrived)]
        while seen[-1].rows[-1].last_error != "999":
            seen.append(await inbox.next(RowsArrived))
        assert len(seen) <= 2
        mesh.remove(row.target)
        assert (await inbox.next(RowsArrived)).gone == (row.target,)


async def test_what_the_mesh_says_of_itself_is_passed_on() -> None:
    """A proxy that died is news."""
    mesh = FakeMesh(now=Clock())
    async with followed(lending(mesh)) as (inbox, _):
        await inbox.next(RowsArrived)
        info = replace(await mesh.info(), proxies_running=1)
        mesh.set_info(info)
        assert (await inbox.next(InfoArrived)).info == info


async def test_a_mesh_that_was_never_there_is_not_tried_again() -> None:
    """The first failure is the person's to judge."""
    mesh = FakeMesh(now=Clock())
    mesh.silence()
    async with followed(lending(mesh)) as (inbox, _):
        assert (await inbox.next(MeshUnopened)).error.message == "The mesh does not answer."


async def test_a_lost_mesh_is_opened_again_and_loaded_anew() -> None:
    """What changed and what went meanwhile is known after it is back."""
    mesh = FakeMesh(now=Clock())
    async with followed(lending(mesh)) as (inbox, clock):
        await inbox.next(RowsArrived)
        heard = clock.time
        clock.time += timedelta(seconds=34)
        mesh.silence()
        assert (await inbox.next(MeshLost)).last_heard == heard
        mesh.remove("workload/prod/httpbin")
        mesh.silence(False)
        await inbox.next(MeshOpened)
        assert (await inbox.next(RowsArrived)).gone == ("workload/prod/httpbin",)


async def test_a_mesh_that_hangs_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Silence is not peace: after a while the mesh is asked, and no answer is a loss."""
    monkeypatch.setattr("meshtui.tui.feed.PATIENCE", 0.05)

    class Hanging(FakeMesh):
        asked = 0

        async def info(self) -> MeshInfo:
            self.asked += 1
            if self.asked > 1:
                await asyncio.Event().wait()
            return await super().info()

    async with followed(lending(Hanging(now=Clock())), heartbeat=0.02) as (inbox, _):
        assert isinstance((await inbox.next(MeshLost)).error, UnreachableError)


async def test_a_heartbeat_brings_news_of_the_mesh() -> None:
    """What was asked for in silence is passed on too."""
    async with followed(lending(FakeMesh(now=Clock())), heartbeat=0.02) as (inbox, _):
        await inbox.next(RowsArrived)
        assert (await inbox.next(InfoArrived)).info.proxies_running == 3


async def test_rows_that_change_places_while_they_are_read_are_not_missed() -> None:
    """A row that slips from one page to another between two requests is read in the end."""

    class Slippery(FakeMesh):
        pages = 0

        async def rows(self, query: Query) -> Page:
            page = await super().rows(query)
            self.pages += 1
            if self.pages == 1:
                first = page.rows[0]
                self.put(replace(first, not_after=NOW + timedelta(days=999)))
            return page

    async with followed(lending(Slippery(fleet_rows(PAGE + 5, NOW), now=Clock()))) as (inbox, _):
        seen: set[str] = set()
        while len(seen) < PAGE + 5:
            seen |= {row.target for row in (await inbox.next(RowsArrived)).rows}


async def test_a_mesh_is_closed_when_it_is_let_go() -> None:
    """Whoever opened it closes it, also when the console is left in the middle."""

    class Counting(FakeMesh):
        closed = 0

        async def close(self) -> None:
            self.closed += 1
            await super().close()

    mesh = Counting(now=Clock())
    async with followed(lending(mesh)) as (inbox, _):
        await inbox.next(RowsArrived)
    assert mesh.closed == 1


async def test_a_stale_screen_says_how_old_it_is_and_recovers() -> None:
    """Rows stay, the header counts their age, verbs are greyed; when the mesh is back, all is live again."""
    clock = Clock()
    mesh = FakeMesh(now=clock)
    async with console(mesh, clock=clock) as shown:
        mesh.silence()
        await shown.until_shown("STALE")
        clock.time += timedelta(seconds=34)
        shown.app.screen.tick()  # type: ignore[attr-defined]  # a list
        assert "STALE 34s · 14:03Z" in shown.lines[0]
        assert "workload/payments/ledger" in shown.text
        assert "(no mesh)" in shown.lines[-1]
        await shown.until_shown("✗ The mesh does not answer. Start one with: meshtui serve")
        mesh.silence(False)
        await shown.until_shown("live · 14:03Z")
        assert "does not answer" not in shown.text


async def test_activity_and_news_of_the_mesh_do_not_push_each_other_out() -> None:
    """Both come, however close together; many of a kind become one."""
    mesh = FakeMesh(now=Clock())
    async with followed(lending(mesh)) as (inbox, _):
        while not (await inbox.next(RowsArrived)).complete:
            pass
        mesh.stir()
        mesh.set_info(replace(await mesh.info(), proxies_running=2))
        mesh.stir()
        kinds: list[type[Message]] = []
        async with asyncio.timeout(10):
            while len(kinds) < 2:
                message = await inbox.queue.get()
                kinds.append(type(message))
        assert set(kinds) == {ActivityArrived, InfoArrived}
        mesh.put(fleet_rows(1, NOW)[0])
        assert isinstance(await inbox.queue.get(), RowsArrived)
