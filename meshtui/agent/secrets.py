"""Keeps one workload's SVID fresh, for ever. When is decided by `rotation`; how by the CA client it is given.

The old certificate stays in service until the new one is here and checked: nothing in this file ever
replaces a certificate by nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from meshtui.agent.rotation import retry_delay, wait_until
from meshtui.errors import MeshError, UnreachableError
from meshtui.identity.keys import PrivateKey, new_key
from meshtui.identity.lifetime import Lifetime, rotate_at
from meshtui.identity.svid import Svid


@dataclass(frozen=True)
class Pending:
    """No certificate yet, and nothing has failed."""


@dataclass(frozen=True)
class Ready:
    """This one is in service."""

    svid: Svid
    due_at: datetime


@dataclass(frozen=True)
class Failed:
    """The last attempt failed; `last_good` is still in service if it is not None."""

    error: str
    unreachable: bool
    """Whether the CA could not be reached, rather than having refused."""
    last_good: Ready | None


SvidState = Pending | Ready | Failed
Fetch = Callable[[PrivateKey], Awaitable[Svid]]
"""Gets a certificate for a key, or raises MeshError."""


class SecretManager:
    """One workload's SVID: fetched at start, replaced when due or when told to."""

    def __init__(
        self,
        fetch: Fetch,
        *,
        share: float,
        clock: Callable[[], datetime],
        on_change: Callable[[], None],
        key_kind: str = "EC P-256",
    ) -> None:
        """`share` of the lifetime after which to rotate; `on_change` is called after every change of state."""
        self._fetch = fetch
        self._share = share
        self._clock = clock
        self._on_change = on_change
        self._key_kind = key_kind
        self._flight: asyncio.Task[Svid] | None = None
        self._nudge = asyncio.Event()
        self._failures = 0
        self.state: SvidState = Pending()
        self.stage = ""
        """`key` or `signed` while an attempt runs, else empty."""
        self.count = 0
        """Certificates received."""

    @property
    def ready(self) -> Ready | None:
        """The certificate in service."""
        match self.state:
            case Ready():
                return self.state
            case Failed(last_good=last_good):
                return last_good
            case Pending():
                return None

    async def run(self) -> None:
        """Keep it fresh until cancelled."""
        while True:
            if self._is_time():
                with suppress(MeshError):  # recorded in the state; `_pause` decides when to try again
                    await self.rotate()
            await self._pause()

    async def rotate(self) -> Svid:
        """Replace the certificate now. Calls during a running attempt wait for that one.

        Raises what the attempt raised; the certificate in service is then unchanged.
        """
        if self._flight is None:
            self._flight = asyncio.create_task(self._attempt())
            self._flight.add_done_callback(lambda _: setattr(self, "_flight", None))
        return await asyncio.shield(self._flight)

    async def _attempt(self) -> Svid:
        try:
            key = new_key(self._key_kind)
            self._enter("key")
            svid = await self._fetch(key)
        except MeshError as error:
            self._failures += 1
            self.state = Failed(error.message, isinstance(error, UnreachableError), self.ready)
            self._enter("")
            raise
        self._failures = 0
        self.count += 1
        due_at = rotate_at(Lifetime(svid.issued_at, svid.facts.not_after), self._share, random.uniform(-1, 1))  # noqa: S311
        self.state = Ready(svid, due_at)
        self._enter("")
        return svid

    def _enter(self, stage: str) -> None:
        self.stage = stage
        self._nudge.set()
        self._on_change()

    def _is_time(self) -> bool:
        match self.state:
            case Ready(due_at=due_at):
                return self._clock() >= due_at
            case _:
                return True

    async def _pause(self) -> None:
        now = self._clock()
        match self.state:
            case Ready(due_at=due_at):
                delay = wait_until(due_at, now)
            case _:
                last_good = self.ready
                remaining = last_good.svid.facts.not_after - now if last_good else None
                delay = retry_delay(max(self._failures, 1), random.random(), remaining)  # noqa: S311
        self._nudge.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(delay):
                await self._nudge.wait()
