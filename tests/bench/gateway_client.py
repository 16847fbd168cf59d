"""Clients of a gateway: `python -m tests.bench.gateway_client ADDRESS ROOT.PEM`, until standard input ends.

Says one line of JSON when it is under way, and one with what it counted at the end.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from collections.abc import Awaitable

KEPT = 8
HOST = "httpbin.example.com"
REQUEST = f"GET /status/418 HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Load:
    """Requests on connections that are kept, and on one after the other that is new."""

    def __init__(self, address: str, root: str) -> None:
        host, _, port = address.rpartition(":")
        self._host, self._port = host, int(port)
        self._context = ssl.create_default_context(cafile=root)
        self._presented: set[bytes] = set()
        self.counts = {"requests": 0, "failed": 0, "handshakes": 0}

    async def run(self, stop: asyncio.Event) -> dict[str, int]:
        """Ask until told to stop; returns what was counted."""
        await asyncio.gather(self._new(stop), *(self._kept(stop) for _ in range(KEPT)))
        return {**self.counts, "certificates": len(self._presented)}

    async def _new(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await self._counted(self._once())

    async def _kept(self, stop: asyncio.Event) -> None:
        streams = await self._connect()
        while not stop.is_set():
            await self._counted(self._ask(streams))

    async def _counted(self, request: Awaitable[None]) -> None:
        self.counts["requests"] += 1
        try:
            await request
        except (OSError, EOFError, ValueError):
            self.counts["failed"] += 1

    async def _once(self) -> None:
        streams = await self._connect()
        try:
            await self._ask(streams)
        finally:
            streams[1].close()

    async def _connect(self) -> Streams:
        self.counts["handshakes"] += 1
        streams = await asyncio.open_connection(self._host, self._port, ssl=self._context, server_hostname=HOST)
        self._presented.add(streams[1].get_extra_info("ssl_object").getpeercert(binary_form=True))
        return streams

    async def _ask(self, streams: Streams) -> None:
        reader, writer = streams
        writer.write(REQUEST)
        head = (await reader.readuntil(b"\r\n\r\n")).lower()
        if not head.startswith(b"http/1.1 418 "):
            raise ValueError(head)
        length = next(line for line in head.split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.partition(b":")[2]))


async def _main(address: str, root: str) -> None:
    load, stop = Load(address, root), asyncio.Event()
    running = asyncio.create_task(load.run(stop))
    print("{}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    stop.set()
    print(json.dumps(await running), flush=True)


if __name__ == "__main__":
    asyncio.run(_main(*sys.argv[1:]))
