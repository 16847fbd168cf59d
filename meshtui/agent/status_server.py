"""A small HTTP server on the loopback for those who watch an agent. HTTP/1.1 by h11, one request per connection.

What is on a page is its giver's; nothing here changes anything.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass

import h11

from meshtui.errors import StateError

DEADLINE = 5.0
"""Seconds for a request and its answer."""
_HOST = "127.0.0.1"
_READ = 1 << 14


@dataclass(frozen=True)
class Page:
    """An answer."""

    status: int
    content_type: str
    body: bytes


class StatusServer:
    """GET and HEAD of the pages it is given, by path."""

    def __init__(self, pages: Mapping[str, Callable[[], Page]]) -> None:
        self._pages = pages
        self._server: asyncio.Server | None = None
        self._connections: set[asyncio.Task[None]] = set()

    async def start(self, port: int) -> str:
        """Listen on a port of the loopback, 0 for any; returns HOST:PORT. Raises StateError when it is taken."""
        try:
            self._server = await asyncio.start_server(self._connected, _HOST, port, limit=_READ)
        except OSError as error:
            raise StateError(
                f"Nobody can listen on {_HOST}:{port}: {error.strerror}.",
                fix="Choose another port with --metrics-port; 0 means any free one.",
            ) from error
        return f"{_HOST}:{self._server.sockets[0].getsockname()[1]}"

    async def stop(self) -> None:
        """Close the port and every connection."""
        if self._server is not None:
            self._server.close()
            for connection in tuple(self._connections):
                connection.cancel()
            await asyncio.gather(*self._connections, return_exceptions=True)
            await self._server.wait_closed()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._connections.add(task)
        try:
            with suppress(TimeoutError, ConnectionError, asyncio.CancelledError):
                async with asyncio.timeout(DEADLINE):
                    await self._exchange(reader, writer)
        finally:
            self._connections.discard(task)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        try:
            while (event := connection.next_event()) is h11.NEED_DATA:
                connection.receive_data(await reader.read(_READ))
            if not isinstance(event, h11.Request):
                return  # it connected and left
            page, head = self._answer(event.method, event.target), event.method == b"HEAD"
        except h11.RemoteProtocolError as error:
            page, head = _text(error.error_status_hint, "This is not a request."), False
        headers = [
            ("content-type", page.content_type),
            ("content-length", str(len(page.body))),
            ("connection", "close"),
        ]
        writer.write(connection.send(h11.Response(status_code=page.status, headers=headers)) or b"")
        if not head:
            writer.write(connection.send(h11.Data(page.body)) or b"")
        await writer.drain()

    def _answer(self, method: bytes, target: bytes) -> Page:
        if method not in (b"GET", b"HEAD"):
            return _text(405, "Only GET is of use here.")
        page = self._pages.get(target.partition(b"?")[0].decode("latin-1"))
        return page() if page is not None else _text(404, f"Here are: {' '.join(self._pages)}")


def _text(status: int, words: str) -> Page:
    return Page(status, "text/plain; charset=utf-8", f"{words}\n".encode())
