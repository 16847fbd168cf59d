"""One HTTP GET over a Unix socket, as Envoy's admin speaks it: HTTP/1.1, one request for each connection.

Not a general client: no redirects, no reuse, no bodies in requests.
"""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from pathlib import Path

HEAD_MAX = 64 * 1024
BODY_MAX = 32 * 1024 * 1024
"""Bytes; a configuration dump of a large proxy has a few megabytes."""


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    body: bytes


async def get(socket: Path, path: str) -> Answer:
    """Ask for `path`. Raises OSError when nobody listens, EOFError and ValueError when the answer is not whole."""
    reader, writer = await asyncio.open_unix_connection(socket, limit=HEAD_MAX)
    try:
        writer.write(f"GET {path} HTTP/1.1\r\nHost: admin\r\nConnection: close\r\n\r\n".encode("ascii"))
        await writer.drain()
        status, headers = await _head(reader)
        return Answer(status, await _body(reader, headers))
    finally:
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError as error:
        raise ValueError(f"the head of the answer is longer than {HEAD_MAX} bytes") from error
    first, *lines = head.decode("latin-1").split("\r\n")
    version, _, rest = first.partition(" ")
    if not version.startswith("HTTP/1.") or not rest[:3].isdecimal():
        raise ValueError("the answer is not HTTP")
    headers = (line.partition(":") for line in lines if line)
    return int(rest[:3]), {name.strip().lower(): value.strip().lower() for name, _, value in headers}


async def _body(reader: asyncio.StreamReader, headers: dict[str, str]) -> bytes:
    if headers.get("transfer-encoding") == "chunked":
        return await _chunks(reader)
    if "content-length" in headers:
        return await reader.readexactly(_length(headers["content-length"], 10, BODY_MAX))
    body = await reader.read(BODY_MAX + 1)
    if len(body) > BODY_MAX:
        raise ValueError(f"the answer is longer than {BODY_MAX} bytes")
    return body


async def _chunks(reader: asyncio.StreamReader) -> bytes:
    chunks: list[bytes] = []
    left = BODY_MAX
    while size := _length((await reader.readline()).decode("latin-1"), 16, left):
        chunks.append(await reader.readexactly(size))
        await reader.readexactly(2)
        left -= size
    return b"".join(chunks)


def _length(text: str, base: int, most: int) -> int:
    length = int(text.partition(";")[0].strip() or "-", base)
    if not 0 <= length <= most:
        raise ValueError(f"the answer is longer than {BODY_MAX} bytes")
    return length
