"""An HTTP/2 client that sends any frame at any time, over real TLS: what a gRPC client would never let a test do.

Only frames (RFC 9113) and header blocks without compression (RFC 7541, 6.2.2); whoever uses it says what is sent.
"""

from __future__ import annotations

import asyncio
import ssl
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from meshtui.ca.server import HOST
from tests.ca.hostile import METHOD

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
END_STREAM = ACK = 0x1
END_HEADERS = 0x4
CANCEL = 0x8
"""Of RST_STREAM."""
ENHANCE_YOUR_CALM = 0xB
"""Of GOAWAY."""


class Kind(IntEnum):
    """Of a frame."""

    DATA = 0
    HEADERS = 1
    RST_STREAM = 3
    SETTINGS = 4
    PING = 6
    GOAWAY = 7
    WINDOW_UPDATE = 8
    CONTINUATION = 9


@dataclass(frozen=True)
class Frame:
    """One frame that came."""

    kind: int
    flags: int
    stream: int
    payload: bytes

    @property
    def error(self) -> int:
        """Code of a GOAWAY."""
        return int.from_bytes(self.payload[4:8], "big")


def frame(kind: Kind, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """The bytes of a frame."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def header_block(headers: Sequence[tuple[str, str]]) -> bytes:
    """Literal header fields that nobody is to remember."""
    return b"".join(b"\x00" + _text(name) + _text(value) for name, value in headers)


def call_headers(more: Sequence[tuple[str, str]] = ()) -> bytes:
    """The header block of a call of CreateCertificate."""
    return header_block(
        [
            *((":method", "POST"), (":scheme", "https"), (":path", METHOD), (":authority", HOST)),
            *(("te", "trailers"), ("content-type", "application/grpc")),
            *more,
        ]
    )


class RawConnection:
    """Past its TLS handshake, and past the exchange of settings unless a test says otherwise."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    @classmethod
    async def open(cls, port: int, *, preface: bool = True, acknowledge: bool = True) -> RawConnection:
        """Connect, without a look at the server's certificate: the clock of a test may be ahead.

        Without `preface` nothing is sent; without `acknowledge` the server's settings are not acknowledged.
        """
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.set_alpn_protocols(["h2"])
        found = cls(*await asyncio.open_connection(HOST, port, ssl=context))
        if preface:
            await found.send(PREFACE + frame(Kind.SETTINGS, 0, 0))
        if preface and acknowledge:
            await found.until(Kind.SETTINGS)
            await found.send(frame(Kind.SETTINGS, ACK, 0))
        return found

    async def send(self, data: bytes) -> None:
        """Write bytes; raises ConnectionError once the server has hung up."""
        if self._writer.transport.is_closing():
            raise ConnectionResetError
        self._writer.write(data)
        await self._writer.drain()

    async def begin(self, streams: Sequence[int], more: Sequence[tuple[str, str]] = ()) -> None:
        """Open calls whose messages do not come."""
        block = call_headers(more)
        await self.send(b"".join(frame(Kind.HEADERS, END_HEADERS, stream, block) for stream in streams))

    async def receive(self) -> Frame | None:
        """The next frame; None when the server has hung up."""
        try:
            head = await self._reader.readexactly(9)
            length = int.from_bytes(head[:3], "big")
            payload = await self._reader.readexactly(length)
        except (asyncio.IncompleteReadError, ConnectionError, ssl.SSLError):
            return None
        return Frame(head[3], head[4], int.from_bytes(head[5:9], "big"), payload)

    async def until(self, kind: Kind, flags: int = 0) -> Frame | None:
        """The next frame of a kind with these flags, whatever comes before it; None when the server hangs up first."""
        while (found := await self.receive()) is not None:
            if found.kind == kind and found.flags & flags == flags:
                break
        return found

    async def ping(self, number: int = 0) -> Frame | None:
        """Ask for a sign of life: its answer, a GOAWAY that comes instead, or None when the server hangs up."""
        await self.send(frame(Kind.PING, 0, 0, number.to_bytes(8, "big")))
        while (found := await self.receive()) is not None:
            if found.kind == Kind.GOAWAY or (found.kind == Kind.PING and found.flags & ACK):
                break
        return found

    async def close(self) -> None:
        """Hang up."""
        self._writer.transport.abort()


def _text(text: str) -> bytes:
    data = text.encode()
    if len(data) < 127:
        return bytes([len(data)]) + data
    rest, digits = len(data) - 127, bytearray([127])
    while rest >= 128:
        digits.append(rest % 128 + 128)
        rest //= 128
    return bytes([*digits, rest]) + data


def grpc_message(data: bytes) -> bytes:
    """A message as gRPC puts it into DATA frames: uncompressed, with its length."""
    return struct.pack(">BI", 0, len(data)) + data
