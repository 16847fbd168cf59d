"""The other side of the part `sds`, in a process of its own: `load` on an Envoy, or many SDS `streams`.

Says one line of JSON when it is under way, and one with what it counted when it is told to stop.
"""

from __future__ import annotations

import asyncio
import json
import ssl
import sys
from pathlib import Path
from typing import Any

import grpc.aio
from envoy.service.discovery.v3 import discovery_pb2
from envoy.service.secret.v3 import sds_pb2_grpc

from meshtui.wire.discovery import SECRET

REQUEST = b"GET / HTTP/1.1\r\nHost: any\r\n\r\n"
SEPARATE = (("grpc.use_local_subchannel_pool", 1),)
"""A connection for each channel: as many proxies would have."""


class Load:
    """Requests on new connections and on one that is kept, one after the other."""

    def __init__(self, folder: Path) -> None:
        self._socket = folder / "one"
        self._context = ssl.create_default_context(cafile=folder / "root.pem")
        self._context.check_hostname = False
        self._context.load_cert_chain(next(folder.glob("client-*.pem")))
        self.counts = {"requests": 0, "failed": 0, "handshakes": 0}

    async def new_connections(self) -> None:
        """For ever."""
        while True:
            await self._counted(self._connect_and_ask())

    async def one_connection(self) -> None:
        """For ever."""
        reader, writer = await self._connect()
        while True:
            await self._counted(self._ask(reader, writer))

    async def _counted(self, request: Any) -> None:
        self.counts["requests"] += 1
        try:
            await request
        except (OSError, EOFError, ValueError):
            self.counts["failed"] += 1

    async def _connect_and_ask(self) -> None:
        reader, writer = await self._connect()
        try:
            await self._ask(reader, writer)
        finally:
            writer.close()
        await writer.wait_closed()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        self.counts["handshakes"] += 1
        return await asyncio.open_unix_connection(self._socket, ssl=self._context, server_hostname="")

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(REQUEST)
        if not (await reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 200 "):
            raise ValueError("not 200")


async def load(folder: Path) -> None:
    """Until a line comes on stdin."""
    driven = Load(folder)
    running = [asyncio.create_task(driven.new_connections()), asyncio.create_task(driven.one_connection())]
    say({})
    await asyncio.to_thread(sys.stdin.readline)
    for task in running:
        if not task.done():
            task.cancel()
    ended = await asyncio.gather(*running, return_exceptions=True)
    driven.counts["failed"] += sum(not isinstance(each, asyncio.CancelledError) for each in ended)
    say(driven.counts)


async def streams(folder: Path, count: int) -> None:
    """So many proxies that take everything, until a line comes on stdin."""
    channels = [grpc.aio.insecure_channel(f"unix:{folder / 'sds'}", options=SEPARATE) for _ in range(count)]
    proxies = [asyncio.create_task(_proxy(channel)) for channel in channels]
    await asyncio.to_thread(sys.stdin.readline)
    for proxy in proxies:
        proxy.cancel()
    await asyncio.gather(*proxies, return_exceptions=True)
    say({})


async def _proxy(channel: grpc.aio.Channel) -> None:
    stream: Any = sds_pb2_grpc.SecretDiscoveryServiceStub(channel).StreamSecrets()
    request = discovery_pb2.DiscoveryRequest(type_url=SECRET, resource_names=["default"])
    await stream.write(request)
    while True:
        response = await stream.read()
        request.version_info, request.response_nonce = response.version_info, response.nonce
        await stream.write(request)


def say(what: dict[str, int]) -> None:
    """One line."""
    print(json.dumps(what), flush=True)


if __name__ == "__main__":
    _, what, where, number = sys.argv
    asyncio.run(load(Path(where)) if what == "load" else streams(Path(where), int(number)))
