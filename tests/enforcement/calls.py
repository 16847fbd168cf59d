"""Requests as a client writes them, on connections that stay open: any certificate, any header, any path."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from meshtui.identity.keys import key_pem
from tests.identity import forge

DEADLINE = 10.0


@dataclass(frozen=True)
class Call:
    """One request without a body."""

    method: str = "GET"
    path: str = "/"
    """With its query."""
    headers: Mapping[str, str] = field(default_factory=lambda: {"host": "httpbin.prod"})

    def encoded(self) -> bytes:
        lines = [f"{self.method} {self.path} HTTP/1.1", *(f"{name}: {value}" for name, value in self.headers.items())]
        return "\r\n".join([*lines, "", ""]).encode()


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def details(self) -> str:
        """Envoy's response_code_details, of an answer that is Envoy's own."""
        return self.headers.get("x-details", "")

    @property
    def metadata(self) -> Mapping[str, str]:
        """What the filters left as dynamic metadata, of a request that passed them."""
        found: Mapping[str, str] = json.loads(self.headers.get("x-metadata", "{}"))
        return found


class Connection:
    """One HTTP/1.1 connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer

    @classmethod
    async def over_unix(cls, path: Path, context: ssl.SSLContext | None, sni: str = "") -> Connection:
        """`context` None: in plaintext. Without `sni` no server name is asked for."""
        named = sni if context else None
        return cls(*await asyncio.open_unix_connection(str(path), ssl=context, server_hostname=named))

    @classmethod
    async def over_tcp(cls, port: int, context: ssl.SSLContext | None = None, sni: str = "") -> Connection:
        """To 127.0.0.1."""
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=context, server_hostname=sni or None))

    async def send(self, calls: Sequence[Call]) -> list[Answer]:
        """Answers in the order of the calls."""
        async with asyncio.timeout(DEADLINE):
            return [await self._exchange(call) for call in calls]

    async def ask(self, call: Call) -> Answer:
        """One call."""
        (answer,) = await self.send([call])
        return answer

    async def close(self) -> None:
        self._writer.close()
        with_errors = await asyncio.gather(self._writer.wait_closed(), return_exceptions=True)
        assert all(error is None or isinstance(error, OSError) for error in with_errors), with_errors

    async def _exchange(self, call: Call) -> Answer:
        # one after the other: Envoy hangs up on a client that pipelines several requests which it then denies
        self._writer.write(call.encoded())
        return await self._answer()

    async def _answer(self) -> Answer:
        head = (await self._reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = await self._reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(head[0].split()[1]), headers, body)


class App:
    """The workload itself: answers everything with 200 and what it was sent."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._server: asyncio.Server | None = None

    async def start(self) -> None:
        self._server = await asyncio.start_unix_server(self._serve, str(self._socket))

    async def stop(self) -> None:
        assert self._server is not None
        self._server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                seen = await reader.readuntil(b"\r\n\r\n")
                # what HEAD is answered with has no body
                seen = b"" if seen.startswith(b"HEAD") else seen
                writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % len(seen) + seen)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()


def client_context(directory: Path, root: forge.Pair, pair: forge.Pair | None) -> ssl.SSLContext:
    """A client that trusts `root`, whatever the server's name, and shows the certificate of `pair`."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.load_verify_locations(cadata=root.pem)
    if pair is not None:
        file = directory / f"client-{pair.certificate.serial_number:x}.pem"
        file.write_text(pair.pem + key_pem(pair.key).decode())
        context.load_cert_chain(file)
    return context
