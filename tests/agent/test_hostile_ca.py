"""Whatever a CA answers over the wire, an agent keeps what it has, counts, says what was wrong, and tries again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import grpc
import pytest
import pytest_asyncio

from meshtui.agent.ca_client import CaClient
from meshtui.agent.schedule import Schedule
from meshtui.agent.secrets import SecretManager
from meshtui.agent.states import Failed, Ready
from meshtui.errors import IdentityError, MeshError, RefusedError, UnreachableError
from meshtui.identity.keys import PrivateKey
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid
from tests.agent.hostile_ca import LIES, HostileCa
from tests.identity.forge import HTTPBIN

DEADLINE = 15.0
LIFETIME = timedelta(hours=24)


class Agent:
    """One agent of a hostile CA, on the real clock, or one that the test has moved."""

    def __init__(self, ca: HostileCa) -> None:
        self.moved = timedelta(0)
        self.tokens = 0
        self.client = CaClient(ca.address, ca.root.pem.encode(), self.clock)
        self.changed = asyncio.Event()
        self.manager = SecretManager(self._fetch, share=0.5, clock=self.clock, on_change=self.changed.set)
        self.schedule = Schedule(self.clock)
        self.schedule.add(self.manager)

    def clock(self) -> datetime:
        return datetime.now(UTC) + self.moved

    def jump(self, by: timedelta) -> None:
        """Move the clock, and be seen to."""
        self.moved += by
        self.schedule.look()

    async def _fetch(self, key: PrivateKey) -> Svid:
        self.tokens += 1
        return await self.client.fetch_svid(key, SpiffeId.parse(HTTPBIN), f"token-{self.tokens}", LIFETIME)

    async def until(self, kind: type) -> None:
        async with asyncio.timeout(DEADLINE):
            while not isinstance(self.manager.state, kind):
                self.changed.clear()
                await self.changed.wait()


@pytest_asyncio.fixture
async def ca() -> AsyncIterator[HostileCa]:
    ca = HostileCa()
    await ca.start()
    yield ca
    await ca.stop()


@pytest_asyncio.fixture
async def agent(ca: HostileCa) -> AsyncIterator[Agent]:
    agent = Agent(ca)
    yield agent
    await agent.client.close()


@pytest.mark.parametrize("lie", LIES)
async def test_an_answer_that_cannot_be_used_changes_nothing(ca: HostileCa, agent: Agent, lie: str) -> None:
    """It is rejected and counted, the certificate in service stays, and the state says what was wrong."""
    before = await agent.manager.rotate()
    ca.answer = LIES[lie]
    with pytest.raises(MeshError) as caught:
        await agent.manager.rotate()
    state = agent.manager.state
    assert isinstance(state, Failed)
    assert state.last_good is not None
    assert state.last_good.svid is before
    assert (caught.value.message, False) == (state.error, state.unreachable)
    assert (agent.manager.count, agent.manager.failures, agent.manager.rejected) == (1, 1, 1)
    assert isinstance(caught.value, IdentityError)
    assert "PRIVATE" not in state.error
    assert agent.manager.next_at > agent.clock()


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (grpc.StatusCode.UNAVAILABLE, UnreachableError),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, UnreachableError),
        (grpc.StatusCode.INTERNAL, UnreachableError),
        (grpc.StatusCode.UNAUTHENTICATED, RefusedError),
        (grpc.StatusCode.PERMISSION_DENIED, RefusedError),
        (grpc.StatusCode.INVALID_ARGUMENT, RefusedError),
    ],
)
async def test_a_refusal_is_an_answer_and_silence_is_a_risk(
    ca: HostileCa, agent: Agent, status: grpc.StatusCode, kind: type[MeshError]
) -> None:
    """What clients of Istio's CA retry means that it cannot be reached; the rest means no. Nothing was rejected."""
    ca.status = status
    with pytest.raises(kind):
        await agent.manager.rotate()
    assert isinstance(agent.manager.state, Failed)
    assert (agent.manager.failures, agent.manager.rejected) == (1, 0)
    assert (kind is UnreachableError) == agent.manager.state.unreachable


async def test_a_ca_that_comes_back_is_found_without_help(ca: HostileCa, agent: Agent) -> None:
    """Down at the start and down at half life: by itself, each attempt with a token of its own."""
    await ca.stop()
    running = asyncio.create_task(agent.schedule.run())
    try:
        await agent.until(Failed)
        assert agent.manager.ready is None
        await ca.start()
        await agent.until(Ready)
        await ca.stop()
        agent.jump(LIFETIME * 0.6)
        await agent.until(Failed)
        assert agent.manager.ready is not None
        agent.moved = timedelta(0)
        await ca.start()
        await agent.until(Ready)
    finally:
        running.cancel()
        with suppress(asyncio.CancelledError):
            await running
    shown = [headers["authorization"] for _, headers in ca.requests]
    assert len(set(shown)) == len(shown) >= 2
