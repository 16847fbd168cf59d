"""Holds one workload's SVID and replaces it. When is `rotation`'s to say, how the CA client's that it is given.

The old certificate stays in service until the new one is here and checked: nothing in this file ever
replaces a certificate by nothing.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import datetime

from meshtui.agent.rotation import next_attempt
from meshtui.agent.states import Failed, Pending, Ready, SvidState, ready_of
from meshtui.errors import IdentityError, MeshError, UnreachableError
from meshtui.identity.keys import PrivateKey, new_key
from meshtui.identity.lifetime import Lifetime, rotate_at
from meshtui.identity.svid import Svid

Fetch = Callable[[PrivateKey], Awaitable[Svid]]
"""Gets a certificate for a key, or raises MeshError."""


class SecretManager:
    """One workload's SVID: fetched and replaced by `rotate`, which whoever looks at `next_at` calls when it is time."""

    def __init__(
        self,
        fetch: Fetch,
        *,
        share: float,
        clock: Callable[[], datetime],
        on_change: Callable[[], None],
        key_kind: str = "EC P-256",
        jitter: float = 0.01,
    ) -> None:
        """`share` of the lifetime after which to rotate, give or take `jitter` of it.

        `on_change` is called after every change of state.
        """
        self._fetch = fetch
        self._share = share
        self._jitter = jitter
        self._clock = clock
        self._on_change = on_change
        self._key_kind = key_kind
        self._flight: asyncio.Task[Svid] | None = None
        self._failures_in_a_row = 0
        self.state: SvidState = Pending()
        self.next_at = clock()
        """When the next attempt is due by itself."""
        self.on_planned: Callable[[SecretManager], None] | None = None
        """Told when `next_at` is another: whoever keeps the appointment."""
        self.stage = ""
        """`key` while an attempt runs, else empty."""
        self.count = 0
        """Certificates received."""
        self.failures = 0
        """Attempts that failed."""
        self.rejected = 0
        """Those of them that failed because of what the CA sent: the answer was not what had been asked for."""

    @property
    def ready(self) -> Ready | None:
        """The certificate in service."""
        return ready_of(self.state)

    async def rotate(self) -> Svid:
        """Replace the certificate now. Calls during a running attempt wait for that one.

        Raises what the attempt raised; the certificate in service is then unchanged.
        """
        if self._flight is None:
            self._flight = asyncio.create_task(self._attempt())
            self._flight.add_done_callback(self._landed)
        return await asyncio.shield(self._flight)

    def plan(self) -> None:
        """Decide anew when the next attempt is due: after each one, and when the clock was set."""
        self.next_at = next_attempt(self.state, self._failures_in_a_row, self._clock(), random.random())  # noqa: S311
        if self.on_planned is not None:
            self.on_planned(self)

    def _landed(self, flight: asyncio.Task[Svid]) -> None:
        self._flight = None
        if not flight.cancelled():
            flight.exception()  # whoever asked may have left; the state has it

    async def _attempt(self) -> Svid:
        try:
            self.stage = "key"
            self._on_change()
            # an RSA key takes up to a second, in which others are not to wait
            slow = self._key_kind.startswith("RSA")
            key = await asyncio.to_thread(new_key, self._key_kind) if slow else new_key(self._key_kind)
            svid = await self._fetch(key)
        except Exception as error:
            self._failures_in_a_row += 1
            self.failures += 1
            self.rejected += isinstance(error, IdentityError)
            self._settle(_failed(error, self.ready))
            raise
        self._failures_in_a_row = 0
        self.count += 1
        shift = random.uniform(-self._jitter, self._jitter)  # noqa: S311
        self._settle(Ready(svid, rotate_at(Lifetime(svid.issued_at, svid.facts.not_after), self._share, shift)))
        return svid

    def _settle(self, state: SvidState) -> None:
        self.stage = ""
        self.state = state
        self.plan()
        self._on_change()


def _failed(error: Exception, last_good: Ready | None) -> Failed:
    """What nobody foresaw must not end the renewal either."""
    text = error.message if isinstance(error, MeshError) else f"The rotation failed: {type(error).__name__}."
    return Failed(text, isinstance(error, UnreachableError), last_good)
