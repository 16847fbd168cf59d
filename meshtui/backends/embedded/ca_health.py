"""Whether the CA answers, and whether it can record what it decides: without either it issues nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from meshtui.errors import StateError, UnreachableError
from meshtui.probe.tls import Address, seen

INTERVAL = 10.0
"""Seconds between two looks at whether it answers."""


class CaHealth:
    """`on_change` is called whenever one of the two is different."""

    def __init__(self, on_change: Callable[[], None]) -> None:
        self._on_change = on_change
        self.alive = False
        self.fault: StateError | None = None
        """Why the CA, which answers, could record nothing when it was last asked."""

    def begin(self) -> None:
        """It has been started, and nobody needs to be told."""
        self.alive = True

    def set_alive(self, alive: bool) -> None:
        """It came to life, or it ended or no longer answers."""
        self.alive = alive
        self.fault = None  # of a process that is gone, or will say so again
        self._on_change()

    def set_fault(self, fault: StateError | None) -> None:
        """It could not record what it decided; None: it could."""
        if str(fault) != str(self.fault):
            self.fault = fault
            self._on_change()

    async def look(self, address: str) -> None:
        """Wait, then ask: a process that is stopped or stuck has not died, and does not answer either."""
        await asyncio.sleep(INTERVAL)
        try:
            await seen(Address.parse(address))
            answers = True
        except UnreachableError:
            answers = False
        if answers != self.alive:
            self.set_alive(answers)
