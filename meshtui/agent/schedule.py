"""Rotates every SVID of a process when it is due: one timer for all of them, however many there are.

Decides nothing: what is due when is `rotation`'s, what a rotation does is `secrets`'.
"""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from meshtui.agent.rotation import wait_until
from meshtui.agent.secrets import SecretManager
from meshtui.appointments import Appointments
from meshtui.errors import MeshError

_LOG = logging.getLogger(__name__)
AT_ONCE = 64
"""Rotations in flight: what keeps a CA busy, and is far from what it sheds."""


class Schedule:
    """Managers are added and discarded while `run` keeps their appointments."""

    def __init__(self, clock: Callable[[], datetime], *, at_once: int = AT_ONCE) -> None:
        self._clock = clock
        self._managers: set[SecretManager] = set()
        self._appointments = Appointments[SecretManager]()
        self._slots = asyncio.Semaphore(at_once)
        self._running: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()
        self._seen = clock()

    def add(self, manager: SecretManager) -> None:
        """Keep this one fresh from now on."""
        self._managers.add(manager)
        manager.on_planned = self._plan
        self._plan(manager)

    def discard(self, manager: SecretManager) -> None:
        """Keep it no longer; a rotation that runs goes on."""
        self._managers.discard(manager)
        self._appointments.set(manager, None)

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                await self._slots.acquire()
                self._look_at_the_clock()
                manager = self._appointments.take(self._seen)
                if manager is None:
                    self._slots.release()
                    await self._pause()
                    continue
                task = asyncio.create_task(self._rotate(manager))
                self._running.add(task)
                task.add_done_callback(self._running.discard)
        finally:
            for task in tuple(self._running):
                task.cancel()

    def look(self) -> None:
        """Look at the clock now: it was set, or the machine slept."""
        self._wake.set()

    def _look_at_the_clock(self) -> None:
        now = self._clock()
        if now < self._seen:  # it was set back, and what was planned by it means nothing
            for manager in self._managers:
                manager.plan()
        self._seen = now

    def _plan(self, manager: SecretManager) -> None:
        if manager in self._managers and self._appointments.set(manager, manager.next_at):
            self._wake.set()

    async def _rotate(self, manager: SecretManager) -> None:
        try:
            await manager.rotate()
        except MeshError:
            pass  # is in the manager's state, and the next attempt is planned
        except Exception:  # noqa: BLE001 - the edge of a task: nobody to tell, and the next attempt is planned
            _LOG.exception("a rotation failed in a way that nobody foresaw")
        finally:
            self._slots.release()

    async def _pause(self) -> None:
        first = self._appointments.first
        delay = wait_until(first, self._clock(), random.random()) if first is not None else None  # noqa: S311
        self._wake.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._wake.wait()
