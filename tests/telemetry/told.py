"""A mesh of real Envoys that tell their calls, and a way to wait for one of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meshtui.mesh.traffic import Call
from meshtui.telemetry.access_log_service import AccessLogService, with_access_logs
from meshtui.telemetry.calls import Reported
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.own_connections import OwnConnections
from meshtui.wire.streams import Register
from tests.xds.live import DEADLINE, HTTPBIN, SLEEP, TRUST_DOMAIN, LiveMesh


class Heard:
    """Every call that was told, in the order of telling."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self._more = asyncio.Event()

    def __call__(self, reported: Reported) -> None:
        self.calls.append(reported.call)
        self._more.set()

    async def one(self, fits: Callable[[Call], bool]) -> Call:
        """The first call that fits; fails at the deadline."""
        async with asyncio.timeout(DEADLINE):
            while True:
                self._more.clear()
                if found := next(filter(fits, self.calls), None):
                    return found
                await self._more.wait()

    def of(self, path: str) -> list[Call]:
        """Those of one path."""
        return [call for call in self.calls if call.path == path]


class ToldMesh(LiveMesh):
    """A live mesh with access logs."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.heard = Heard()
        self.own = OwnConnections(lambda: datetime.now(UTC))
        self.reads = asyncio.Event()
        """While it is not set, nobody reads the logs."""
        self.reads.set()

    def register(self, target: str) -> Register:
        """Configuration and access logs."""
        service = AccessLogService(target, self.who, self.own, self.hear)
        serve = service.serve

        async def when_it_reads(requests: AsyncIterator[Any], context: Any) -> Any:
            async def read() -> AsyncIterator[Any]:
                async for each in requests:
                    await self.reads.wait()
                    yield each

            return await serve(read(), context)

        service.serve = when_it_reads  # type: ignore[method-assign]
        return with_access_logs(super().register(target), service)

    def hear(self, reported: Reported) -> None:
        """A call was told."""
        self.heard(reported)

    def who(self) -> Directory:
        """Who is where now."""
        return Directory.of(self.catalog, TRUST_DOMAIN, {each: self.path("in", each) for each in (HTTPBIN, SLEEP)})
