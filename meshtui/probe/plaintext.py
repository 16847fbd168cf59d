"""Whether something takes HTTP without TLS, asked in a way that no application hears of."""

from __future__ import annotations

import asyncio
import os

from meshtui.errors import UnreachableError
from meshtui.probe.announced import Announcer, marked
from meshtui.probe.tls import Address

DEADLINE = 5.0
"""Seconds for connection and answer together."""
_NAMELESS = "GET /{} HTTP/1.1\r\nconnection: close\r\n\r\n"
"""Every HTTP/1.1 server answers this with 400 itself: it has no Host (RFC 9112, section 3.2)."""


async def takes_plaintext(address: Address, announcer: Announcer | None = None) -> bool:
    """Whether HTTP in plaintext is answered, and not just hung up on. Raises UnreachableError without a connection.

    `announcer` is told of a connection to a Unix socket, and has it ask for a path of its own.
    """
    with marked(address.path, announcer, plaintext=True) as name:
        return await _answers(address, _NAMELESS.format(name).encode())


async def _answers(address: Address, request: bytes) -> bool:
    try:
        async with asyncio.timeout(DEADLINE):
            if address.path:
                reader, writer = await asyncio.open_unix_connection(address.path)
            else:
                reader, writer = await asyncio.open_connection(address.host, address.port)
    except TimeoutError as error:
        raise UnreachableError(f"{address} did not take a connection within {DEADLINE:g} s.") from error
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        raise UnreachableError(f"{address} does not take a connection: {reason}.") from error
    try:
        async with asyncio.timeout(DEADLINE):
            writer.write(request)
            return (await reader.readexactly(5)) == b"HTTP/"
    except (TimeoutError, OSError, asyncio.IncompleteReadError):
        return False
    finally:
        writer.transport.abort()
