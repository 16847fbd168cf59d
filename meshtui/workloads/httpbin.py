"""httpbin: the HTTP server that people expect to find in a demo mesh, answering on a Unix socket.

`/status/N`, `/headers`, `/get`, `/delay/N` (seconds, at most 10) and a page that lists them. HTTP/1.1 by h11.
"""

from __future__ import annotations

import asyncio
import json
import re
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import h11

MAX_DELAY = 10.0
_READ = 1 << 16
_STATUS = re.compile(r"[2-5]\d\d", re.ASCII)
_SECONDS = re.compile(r"\d{1,6}(\.\d{1,6})?", re.ASCII)
_INDEX = "httpbin of meshtui: /status/N  /headers  /get  /delay/N\n"


@dataclass(frozen=True)
class Reply:
    """An answer, after `delay` seconds."""

    status: int
    body: bytes
    content_type: str = "application/json"
    delay: float = 0.0


def answer(method: str, path: str, headers: dict[str, str]) -> Reply:
    """What httpbin says to a request. `headers` by lower-case name; `path` with its query."""
    try:
        url = urlsplit(path)
    except ValueError:
        return Reply(400, b"")
    kind, _, argument = url.path.lstrip("/").partition("/")
    if method not in ("GET", "HEAD", "POST", "PUT", "DELETE", "PATCH"):
        return Reply(405, b"")
    match kind:
        case "":
            return Reply(200, _INDEX.encode(), "text/plain")
        case "status" if _STATUS.fullmatch(argument):
            return Reply(int(argument), _phrase(int(argument)), "text/plain")
        case "headers" if not argument:
            return Reply(200, _json({"headers": headers}))
        case "get" if not argument:
            allowed = method in ("GET", "HEAD")
            return Reply(200, _described(url.query, path, headers)) if allowed else Reply(405, b"")
        case "delay" if _SECONDS.fullmatch(argument):
            return Reply(200, _described(url.query, path, headers), delay=min(float(argument), MAX_DELAY))
        case _:
            return Reply(404, _json({"error": f"no such path here: {url.path[:200]}"}))


def _phrase(status: int) -> bytes:
    try:
        return f"{HTTPStatus(status).phrase}\n".encode()
    except ValueError:
        return b""


def _described(query: str, path: str, headers: dict[str, str]) -> bytes:
    return _json({"args": dict(parse_qsl(query)), "headers": headers, "url": f"http://{headers.get('host', '')}{path}"})


def _json(value: object) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True) + "\n").encode()


class Httpbin:
    """The server. Start it, stop it."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._server: asyncio.Server | None = None
        self._handlers: set[asyncio.Task[None] | None] = set()

    async def start(self) -> None:
        """Listen; a socket left over from a killed process is replaced."""
        self._socket.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, self._socket)
        self._socket.chmod(0o600)

    async def stop(self) -> None:
        """Close every connection and the socket."""
        if self._server is not None:
            self._server.close()
            handlers = [handler for handler in self._handlers if handler is not None]
            for handler in handlers:
                handler.cancel()  # a request may be in its delay
            await asyncio.gather(*handlers, return_exceptions=True)
            await self._server.wait_closed()
            self._socket.unlink(missing_ok=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = h11.Connection(h11.SERVER)
        self._handlers.add(asyncio.current_task())
        try:
            while await self._exchange(connection, reader, writer):
                connection.start_next_cycle()
        except (h11.ProtocolError, ConnectionError, asyncio.CancelledError):
            pass  # a peer that speaks no HTTP or left, or the end of the server: there is nobody to tell
        finally:
            self._handlers.discard(asyncio.current_task())
            writer.close()

    async def _exchange(
        self, connection: h11.Connection, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> bool:
        """One request and its answer; returns whether the connection can carry another."""
        request: h11.Request | None = None
        while True:
            event = connection.next_event()
            if event is h11.NEED_DATA:
                connection.receive_data(await reader.read(_READ))
            elif isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.EndOfMessage):
                break
            elif isinstance(event, h11.ConnectionClosed):
                return False
        assert request is not None
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in request.headers}
        reply = answer(request.method.decode(), request.target.decode("latin-1"), headers)
        if reply.delay:
            await asyncio.sleep(reply.delay)
        bodiless = request.method == b"HEAD" or reply.status in (204, 304)
        response = h11.Response(
            status_code=reply.status,
            headers=[
                ("content-type", reply.content_type),
                *([] if reply.status in (204, 304) else [("content-length", str(len(reply.body)))]),
                ("server", "meshtui-httpbin"),
            ],
        )
        writer.write(connection.send(response) or b"")
        if not bodiless:
            writer.write(connection.send(h11.Data(data=reply.body)) or b"")
        writer.write(connection.send(h11.EndOfMessage()) or b"")
        await writer.drain()
        return connection.our_state is h11.DONE and connection.their_state is h11.DONE
