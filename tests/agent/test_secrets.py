"""A workload's SVID, kept fresh: nothing ever replaces a certificate by nothing."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta

import pytest

from meshtui.agent.schedule import Schedule
from meshtui.agent.secrets import SecretManager
from meshtui.agent.states import Failed, Pending, Ready
from meshtui.errors import RefusedError, UnreachableError
from meshtui.identity.keys import PrivateKey, new_key
from meshtui.identity.svid import Svid
from tests.agent.authority import ShortCa

DEADLINE = 5.0


class Bench:
    """A manager under test, its clock, and a CA that does as it is told."""

    def __init__(self) -> None:
        self.ca = ShortCa()
        self.now = self.ca.now
        self.trouble: Exception | None = None
        self.hold = asyncio.Event()
        self.hold.set()
        self.calls = 0
        self.changed = asyncio.Event()
        self.manager = SecretManager(self.fetch, share=0.5, clock=lambda: self.now, on_change=self.changed.set)

    async def fetch(self, key: PrivateKey) -> Svid:
        self.calls += 1
        await self.hold.wait()
        if self.trouble is not None:
            raise self.trouble
        return self.ca.svid(key, self.now, timedelta(hours=1))

    async def until(self, kind: type) -> None:
        async with asyncio.timeout(DEADLINE):
            while not isinstance(self.manager.state, kind):
                self.changed.clear()
                await self.changed.wait()

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        self.schedule = Schedule(lambda: self.now)
        self.schedule.add(self.manager)
        task = asyncio.create_task(self.schedule.run())
        yield
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def serial(manager: SecretManager) -> str:
    assert manager.ready is not None
    return manager.ready.svid.facts.serial


async def test_the_first_certificate_is_fetched_by_itself() -> None:
    """Pending becomes ready without being asked for."""
    bench = Bench()
    assert isinstance(bench.manager.state, Pending)
    async with bench.running():
        await bench.until(Ready)
    assert bench.manager.count == 1


async def test_it_is_due_at_half_its_life_with_jitter() -> None:
    """Half an hour of an hour, within a hundredth of its life."""
    bench = Bench()
    await bench.manager.rotate()
    assert isinstance(bench.manager.state, Ready)
    early = bench.manager.state.due_at - (bench.now + timedelta(minutes=30))
    assert abs(early) <= timedelta(seconds=37)


async def test_a_failed_rotation_keeps_the_certificate_in_service() -> None:
    """The state says what failed, and what still serves."""
    bench = Bench()
    first = await bench.manager.rotate()
    bench.trouble = UnreachableError("The CA does not answer.")
    with pytest.raises(UnreachableError):
        await bench.manager.rotate()
    state = bench.manager.state
    assert isinstance(state, Failed)
    assert (state.error, state.unreachable) == ("The CA does not answer.", True)
    assert serial(bench.manager) == first.facts.serial


async def test_a_refusal_is_not_called_unreachable() -> None:
    """A CA that says no is there."""
    bench = Bench()
    bench.trouble = RefusedError("The CA refused.")
    with pytest.raises(RefusedError):
        await bench.manager.rotate()
    assert isinstance(bench.manager.state, Failed)
    assert not bench.manager.state.unreachable


async def test_it_recovers_by_itself() -> None:
    """After a failure the next attempt needs nobody."""
    bench = Bench()
    bench.trouble = UnreachableError("The CA does not answer.")
    async with bench.running():
        await bench.until(Failed)
        bench.trouble = None
        bench.now += timedelta(minutes=1)
        bench.schedule.look()
        await bench.until(Ready)
    assert bench.manager.count == 1


async def test_rotations_at_the_same_time_are_one() -> None:
    """Single flight: two who ask get the same certificate."""
    bench = Bench()
    bench.hold.clear()
    both = asyncio.gather(bench.manager.rotate(), bench.manager.rotate())
    bench.changed.clear()
    while bench.calls == 0:
        await bench.changed.wait()
        bench.changed.clear()
    bench.hold.set()
    one, other = await both
    assert one.facts.serial == other.facts.serial
    assert (bench.calls, bench.manager.count) == (1, 1)


async def test_whoever_gives_up_waiting_does_not_stop_the_rotation() -> None:
    """A terminal that vanishes leaves no half-made certificate behind."""
    bench = Bench()
    bench.hold.clear()
    asked = asyncio.create_task(bench.manager.rotate())
    while bench.calls == 0:
        bench.changed.clear()
        await bench.changed.wait()
    asked.cancel()
    bench.hold.set()
    await bench.until(Ready)
    assert bench.manager.count == 1


async def test_every_rotation_has_a_key_of_its_own() -> None:
    """The old key signs nothing new."""
    bench = Bench()
    first = await bench.manager.rotate()
    second = await bench.manager.rotate()
    assert first.facts.public_key_sha256 != second.facts.public_key_sha256


async def test_a_clock_a_year_ahead_makes_one_rotation() -> None:
    """A suspended machine wakes up to one attempt, not to a storm."""
    bench = Bench()
    async with bench.running():
        await bench.until(Ready)
        bench.now += timedelta(days=365)
        bench.changed.clear()
        bench.schedule.look()
        async with asyncio.timeout(DEADLINE):
            while bench.manager.count < 2:
                bench.changed.clear()
                await bench.changed.wait()
        due = bench.manager.ready
        assert due is not None
        assert due.due_at > bench.now
    assert bench.calls == 2


def test_no_key_is_in_the_repr_of_a_state() -> None:
    """States end up in logs of tests and debuggers."""
    ca = ShortCa()
    key = new_key()
    svid = ca.svid(key, ca.now, timedelta(hours=1))
    assert "PRIVATE" not in repr(Ready(svid, datetime.now(ca.now.tzinfo)))
