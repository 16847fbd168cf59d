"""Carries discovery streams over grpc.aio: the only I/O beneath SDS and ADS. All rules are in `discovery`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from secrets import token_hex
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
        self._refused: dict[str, str] = {}
        self._rules: set[DiscoveryStream] = set()
        self._closed = False

    def publish(self, world: World) -> None:
        """Replace what is distributed; every open stream sends what is new to it."""
        self._world = world
        self._wake()

    @property
    def unjudged(self) -> frozenset[tuple[str, str]]:
        """Type URL and name of everything that was sent on an open stream and that the proxy may still be at."""
        return frozenset().union(*(rules.unjudged for rules in self._rules))

    def close(self) -> None:
        """End every stream, so that the server can stop without cancelling them."""
        self._closed = True
        self._wake()

    def _wake(self) -> None:
        for waker in self._wakers:
            waker.set()

    async def serve(self, requests: AsyncIterator[Any], context: Any, *, only: str = "") -> None:
        """Handle one stream until the peer or `close` ends it. `only` is the type of one that is not aggregated."""
        rules = DiscoveryStream(self._world, only=only, nonces=f"{token_hex(4)}-", refused=self._refused)
        stream = _Stream(rules, context, self._on_verdict)
        waker = asyncio.Event()
        self._wakers.add(waker)
        self._rules.add(rules)
        self._on_connection(len(self._wakers))
        reader = asyncio.create_task(stream.listen(requests))
        reader.add_done_callback(lambda _: waker.set())
        try:
            while not self._closed and not reader.done():
                await waker.wait()
                waker.clear()
                await stream.tell(self._world)
            if reader.done():
                reader.result()
        except ProtocolViolation as violation:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(violation))
        finally:
            reader.cancel()
            self._wakers.discard(waker)
            self._rules.discard(rules)
            self._on_connection(len(self._wakers))


class _Stream:
    """One open stream. What the rules return is written before they are asked again, so that nonces stay in order."""

    def __init__(self, rules: DiscoveryStream, context: Any, on_verdict: Callable[[Verdict], None]) -> None:
        self._rules = rules
        self._context = context
        self._on_verdict = on_verdict
        self._turn = asyncio.Lock()

    async def listen(self, requests: AsyncIterator[Any]) -> None:
        """Answer the peer until it ends its side; not read while it does not read. Raises ProtocolViolation."""
        async for request in requests:
            async with self._turn:
                responses, verdict = self._rules.receive(request)
                if verdict is not None:
                    self._on_verdict(verdict)
                for response in responses:
                    await self._context.write(response)

    async def tell(self, world: World) -> None:
        """Send what is new of this world."""
        async with self._turn:
            for response in self._rules.update(world):
                await self._context.write(response)


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

    @property
    def unjudged(self) -> frozenset[tuple[str, str]]:
        """Type URL and name of everything that was sent and that the proxy may still be at."""
        return self._distributor.unjudged

    async def stop(self) -> None:
        """End the streams, then the server."""
        self._distributor.close()
        if self._server is not None:
            await self._server.stop(0.5)
            self._socket.unlink(missing_ok=True)
