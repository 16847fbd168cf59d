"""Carries discovery streams over grpc.aio: the only I/O beneath SDS and ADS. All rules are in `discovery`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

from meshtui.wire.discovery import DiscoveryStream, ProtocolViolation, Verdict, World

Register = Callable[["Distributor", grpc.aio.Server], None]
"""Adds the service, SDS or ADS, whose streams the distributor serves."""


class Distributor:
    """The current world of one proxy, and the streams that are told when it changes."""

    def __init__(self, on_verdict: Callable[[Verdict], None], on_connection: Callable[[int], None]) -> None:
        """`on_verdict` hears every acknowledgement and rejection, `on_connection` the number of open streams."""
        self._world: World = {}
        self._on_verdict = on_verdict
        self._on_connection = on_connection
        self._wakers: set[asyncio.Event] = set()
        self._closed = False

    def publish(self, world: World) -> None:
        """Replace what is distributed; every open stream sends what is new to it."""
        self._world = world
        self._wake()

    def close(self) -> None:
        """End every stream, so that the server can stop without cancelling them."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        for waker in self._wakers:
            waker.set()

    async def serve(self, requests: AsyncIterator[Any], context: Any) -> AsyncIterator[Any]:
        """Handle one stream until the peer or `close` ends it; yields DiscoveryResponses."""
        stream, waker = DiscoveryStream(self._world), asyncio.Event()
        self._wakers.add(waker)
        self._on_connection(len(self._wakers))
        reader = asyncio.ensure_future(anext(requests))
        changed = asyncio.ensure_future(waker.wait())
        try:
            while not self._closed:
                await asyncio.wait({reader, changed}, return_when=asyncio.FIRST_COMPLETED)
                if changed.done():
                    waker.clear()
                    changed = asyncio.ensure_future(waker.wait())
                    for response in stream.update(self._world):
                        yield response
                if reader.done():
                    responses, verdict = stream.receive(reader.result())
                    if verdict is not None:
                        self._on_verdict(verdict)
                    for response in responses:
                        yield response
                    reader = asyncio.ensure_future(anext(requests))
        except StopAsyncIteration:
            pass  # the peer ended its side
        except ProtocolViolation as violation:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(violation))
        finally:
            reader.cancel()
            changed.cancel()
            self._wakers.discard(waker)
            self._on_connection(len(self._wakers))


class DiscoveryServer:
    """One world on one Unix socket. The socket is the identity: whoever may connect to it may have all of it."""

    def __init__(self, socket: Path, register: Register, distributor: Distributor) -> None:
        self._socket = socket
        self._register = register
        self._distributor = distributor
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        """Listen; a socket left over from a killed process is replaced."""
        self._socket.unlink(missing_ok=True)
        self._server = grpc.aio.server()
        self._register(self._distributor, self._server)
        self._server.add_insecure_port(f"unix:{self._socket}")
        await self._server.start()
        self._socket.chmod(0o600)

    def publish(self, world: World) -> None:
        """Distribute this from now on; everyone connected gets what is new to it."""
        self._distributor.publish(world)

    async def stop(self) -> None:
        """End the streams, then the server."""
        self._distributor.close()
        if self._server is not None:
            await self._server.stop(0.5)
            self._socket.unlink(missing_ok=True)
