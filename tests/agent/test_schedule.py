"""Every agent of a process is kept fresh by one timer, whatever the clock and the CA do."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from datetime import timedelta
from functools import partial

import pytest
import pytest_asyncio

from meshtui.agent.schedule import Schedule
from meshtui.agent.secrets import SecretManager
from meshtui.agent.states import Failed
from meshtui.errors import UnreachableError
from meshtui.identity.keys import PrivateKey
from meshtui.identity.svid import Svid
from tests.agent.authority import ShortCa

DEADLINE = 10.0
LIFETIME = timedelta(hours=24)


class Fleet:
    """Agents, a clock that is set by hand, and a CA that counts."""

    def __init__(self) -> None:
        self.ca = ShortCa()
        self.now = self.ca.now
        self.trouble: Exception | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.in_flight = self.most_in_flight = self.calls = 0
        self.changed = asyncio.Event()
        self.schedule = Schedule(lambda: self.now, at_once=8)
        self.managers: list[SecretManager] = []

    def add(self, count: int) -> None:
        for _ in range(count):
            manager = SecretManager(self._fetch, share=0.5, clock=lambda: self.now, on_change=self.changed.set)
            self.managers.append(manager)
            self.schedule.add(manager)
            manager.on_planned = partial(self._planned, manager.on_planned)

    def _planned(self, tell: Callable[[SecretManager], None] | None, manager: SecretManager) -> None:
        assert tell is not None
        tell(manager)
        self.changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until it is true; looks again whenever an agent changed or was planned anew."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                self.changed.clear()
                await self.changed.wait()

    async def _fetch(self, key: PrivateKey) -> Svid:
        self.calls += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            await asyncio.sleep(0)
            await self.gate.wait()
            if self.trouble is not None:
                raise self.trouble
            return self.ca.svid(key, self.now, LIFETIME)
        finally:
            self.in_flight -= 1

    async def until_each_has(self, count: int) -> None:
        """Wait until every agent has received this many certificates."""
        await self.until(lambda: all(manager.count >= count for manager in self.managers))

    def jump(self, by: timedelta) -> None:
        """Set the clock, and be seen to."""
        self.now += by
        self.schedule.look()


@pytest_asyncio.fixture
async def fleet() -> AsyncIterator[Fleet]:
    fleet = Fleet()
    running = asyncio.create_task(fleet.schedule.run())
    yield fleet
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running


async def test_all_are_served_and_never_more_at_once_than_allowed(fleet: Fleet) -> None:
    """A hundred agents start together; the CA sees eight at a time, each agent once."""
    fleet.add(100)
    await fleet.until_each_has(1)
    assert (fleet.calls, fleet.most_in_flight) == (100, 8)


async def test_a_year_ahead_is_one_rotation_each(fleet: Fleet) -> None:
    """A suspended machine wakes up to one attempt for each agent, not to a storm."""
    fleet.add(20)
    await fleet.until_each_has(1)
    fleet.jump(timedelta(days=365))
    await fleet.until_each_has(2)
    assert (fleet.calls, fleet.most_in_flight) == (40, 8)
    assert all(manager.next_at > fleet.now for manager in fleet.managers)


async def test_an_hour_back_replaces_what_is_not_valid_yet_and_not_all_at_once(fleet: Fleet) -> None:
    """By the clock as it is now the certificates are from the future; new ones come within the minute."""
    fleet.add(20)
    await fleet.until_each_has(1)
    fleet.jump(-timedelta(hours=1))
    await fleet.until(lambda: all(each.next_at <= fleet.now + timedelta(minutes=1) for each in fleet.managers))
    assert len({manager.next_at for manager in fleet.managers}) > 1
    fleet.jump(timedelta(minutes=1))
    await fleet.until_each_has(2)


async def test_a_clock_that_is_set_back_does_not_put_off_a_retry(fleet: Fleet) -> None:
    """A retry that was planned for a second from now is not an hour away when the clock goes back an hour."""
    fleet.trouble = UnreachableError("The CA does not answer.")
    fleet.add(1)
    (manager,) = fleet.managers
    await fleet.until(lambda: isinstance(manager.state, Failed))
    fleet.trouble = None
    fleet.jump(-timedelta(hours=1))
    await fleet.until(lambda: manager.next_at <= fleet.now + timedelta(minutes=1))
    fleet.jump(timedelta(minutes=1))
    await fleet.until_each_has(1)


async def test_what_is_discarded_is_left_alone(fleet: Fleet) -> None:
    """An agent that is gone asks for nothing any more."""
    fleet.add(2)
    await fleet.until_each_has(1)
    gone, stays = fleet.managers
    fleet.schedule.discard(gone)
    fleet.managers = [stays]
    fleet.jump(LIFETIME)
    await fleet.until_each_has(2)
    assert gone.count == 1


async def test_the_longest_due_goes_first(fleet: Fleet) -> None:
    """A certificate that ends soon does not wait behind a thousand that do not."""
    fleet.add(8)
    await fleet.until_each_has(1)
    fleet.gate.clear()
    for manager in fleet.managers:
        manager.next_at = fleet.now + timedelta(hours=20)
    urgent = fleet.managers[5]
    urgent.next_at = fleet.now + timedelta(hours=1)
    single = Schedule(lambda: fleet.now, at_once=1)
    for manager in fleet.managers:
        fleet.schedule.discard(manager)
        single.add(manager)
    fleet.now += timedelta(hours=21)
    running = asyncio.create_task(single.run())
    await fleet.until(lambda: any(manager.stage for manager in fleet.managers))
    first = [manager for manager in fleet.managers if manager.stage]
    running.cancel()
    fleet.gate.set()
    assert first == [urgent]


async def test_what_nobody_foresaw_ends_nothing(fleet: Fleet, caplog: pytest.LogCaptureFixture) -> None:
    """A defect is logged, is in the state, and the agent tries again."""
    fleet.trouble = ZeroDivisionError("secret words")
    with caplog.at_level(logging.ERROR):
        fleet.add(1)
        (manager,) = fleet.managers
        await fleet.until(lambda: isinstance(manager.state, Failed))
    assert isinstance(manager.state, Failed)
    assert manager.state.error == "The rotation failed: ZeroDivisionError."
    fleet.trouble = None
    fleet.jump(timedelta(minutes=2))
    await fleet.until_each_has(1)
    assert "nobody foresaw" in caplog.text
