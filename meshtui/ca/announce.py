"""Tells the owner, line by line, without ever making the CA wait: when the owner does not read, lines are dropped.

On the CA's event loop and not in a thread of its own, which would have to be woken for every line.
"""

from __future__ import annotations

import asyncio
import os

from meshtui.errors import StateError

WAITING = 256 * 1024
"""Bytes kept for an owner that is slow."""
LAST_WORDS = 1.0
"""Seconds that what still waits gets at the end."""


class Announcer:
    """Writes to a pipe, a socket or a terminal; made by `open`."""

    def __init__(self, transport: asyncio.WriteTransport, gone: asyncio.Future[None]) -> None:
        self._transport = transport
        self._gone = gone

    @classmethod
    async def open(cls, descriptor: int) -> Announcer:
        """Write to a file descriptor, which becomes the announcer's; raises StateError for one of a file."""
        loop = asyncio.get_running_loop()
        gone: asyncio.Future[None] = loop.create_future()
        stream = os.fdopen(descriptor, "wb", buffering=0)
        try:
            transport, _ = await loop.connect_write_pipe(lambda: _Reader(gone), stream)
        except ValueError as error:
            stream.close()
            raise StateError("The CA's standard output is a file.", fix="Give it a pipe or a terminal.") from error
        return cls(transport, gone)

    def say(self, line: bytes) -> None:
        """Write a line soon, or not at all when too many wait or nobody reads any more."""
        # a lost line is a lost hint; the ledger has the decision
        if not self._transport.is_closing() and self._transport.get_write_buffer_size() < WAITING:
            self._transport.write(line)

    async def close(self) -> None:
        """Give what waits a moment to leave."""
        self._transport.close()
        await asyncio.wait([self._gone], timeout=LAST_WORDS)


class _Reader(asyncio.BaseProtocol):
    """The other end, of which only its going away is of interest."""

    def __init__(self, gone: asyncio.Future[None]) -> None:
        self._gone = gone

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - asyncio's word for it
        if not self._gone.done():
            self._gone.set_result(None)
