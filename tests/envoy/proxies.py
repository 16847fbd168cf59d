"""Real Envoys for the tests of this folder: their configuration, and waiting for what they do without sleeping."""

from __future__ import annotations

import asyncio
import os
import select
from collections.abc import Callable
from pathlib import Path
from typing import Any

from meshtui.envoy.binary import EnvoyBinary, find_envoy
from meshtui.envoy.bootstrap import ProxySockets, bootstrap
from meshtui.envoy.process import ProxyStatus

DEADLINE = 10.0


def envoy() -> EnvoyBinary:
    found = find_envoy()
    assert found is not None, "the tests need the extra `envoy`"
    return found


def alone(directory: Path) -> dict[str, Any]:
    """A configuration with nothing to ask for: ready at once."""
    sockets = ProxySockets(ads=directory / "ads", sds=directory / "sds", admin=directory / "admin")
    return {name: part for name, part in bootstrap("a", "b", sockets).items() if name != "dynamic_resources"}


class Statuses:
    """Collects what a process reports, and waits for what one of the reports says."""

    def __init__(self) -> None:
        self.seen: list[ProxyStatus] = []
        self._new = asyncio.Event()

    def __call__(self, status: ProxyStatus) -> None:
        """Take a report."""
        self.seen.append(status)
        self._new.set()

    async def until(self, wanted: Callable[[ProxyStatus], bool]) -> ProxyStatus:
        """The first report after the ones waited for before that is as wanted."""
        async with asyncio.timeout(DEADLINE):
            while not any(map(wanted, self.seen)):
                self._new.clear()
                await self._new.wait()
        found = next(status for status in self.seen if wanted(status))
        del self.seen[: self.seen.index(found) + 1]
        return found


def gone(pid: int) -> bool:
    """Wait until a process that is not our child has ended; False when it still runs at the deadline."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        return bool(select.select([descriptor], [], [], DEADLINE)[0])
    finally:
        os.close(descriptor)
