"""Connects and lets a TLS client talk, within deadlines. Every way in which that can end is a value, never an error."""

from __future__ import annotations

import asyncio
import errno
import os
import socket
from collections.abc import Callable
from contextlib import suppress
from time import monotonic
from typing import TypeVar

from meshtui.probe.announced import Announcer, announced
from meshtui.probe.attempt import Attempt, End
from meshtui.probe.http import Answer, Exchange, NotHttpError
from meshtui.probe.tls import DEADLINE, Address
from meshtui.probe.tls_client import TlsClient, TlsEndedError

T = TypeVar("T")

_AT_ONCE = 1 << 16
_MOST_ANSWERED = 1 << 20
"""Bytes before the head of an answer is complete: more is no answer."""
_NO_ROUTE = (errno.ENETUNREACH, errno.EAFNOSUPPORT, errno.EADDRNOTAVAIL)


async def attempt(
    address: Address,
    client: TlsClient,
    exchange: Exchange | None = None,
    deadline: float = DEADLINE,
    announcer: Announcer | None = None,
) -> Attempt:
    """Connect, shake hands and, if that succeeds and there is an exchange, ask and wait for the answer.

    Each of the three within `deadline` seconds. `announcer` is told of the connection.
    """
    begun = monotonic()
    try:
        async with asyncio.timeout(deadline):
            wire = await _connect(address)
    except TimeoutError:
        return Attempt(end=End.NO_CONNECTION, reason=f"no connection within {deadline:g} s")
    except OSError as error:
        return Attempt(end=End.NO_ROUTE if error.errno in _NO_ROUTE else End.NO_CONNECTION, reason=_said(error))
    connected_after = monotonic() - begun
    with wire, announced(wire, announcer):
        end, reason = await _shake_hands(wire, client, deadline)
        after, after_reason, answer, answered_after = None, "", None, 0.0
        if end is End.DONE and exchange is not None:
            begun = monotonic()
            after, after_reason, answer = await _ask(wire, client, exchange, deadline)
            answered_after = monotonic() - begun
    try:
        chain, path = client.chain, client.path
    except TlsEndedError as ended:
        end, reason, chain, path = ended.end, ended.reason, (), ()
    return Attempt(
        end=end,
        reason=reason,
        connected_after=connected_after,
        version=client.version,
        cipher=client.cipher,
        chain=chain,
        path=path,
        faults=tuple(dict.fromkeys(client.record.faults)),
        asked=client.record.asked,
        staple=client.record.staple,
        after=after,
        after_reason=after_reason,
        answer=answer,
        answered_after=answered_after,
    )


async def _connect(address: Address) -> socket.socket:
    numeric = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
    family, kind, protocol, _, sockaddr = numeric[0]
    wire = socket.socket(family, kind, protocol)
    try:
        wire.setblocking(False)
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        await asyncio.get_running_loop().sock_connect(wire, sockaddr)
    except BaseException:
        wire.close()
        raise
    return wire


async def _shake_hands(wire: socket.socket, client: TlsClient, deadline: float) -> tuple[End, str]:
    try:
        async with asyncio.timeout(deadline):
            await _until(wire, client, client.handshake)
    except TimeoutError:
        return End.SILENT, _silent(deadline)
    except TlsEndedError as ended:
        return ended.end, ended.reason
    return End.DONE, ""


async def _ask(
    wire: socket.socket, client: TlsClient, exchange: Exchange, deadline: float
) -> tuple[End, str, Answer | None]:
    """TLS 1.3 refuses a client after its handshake: an alert may come instead of the answer."""
    try:
        async with asyncio.timeout(deadline):
            client.write(exchange.request)
            received = 0
            while received < _MOST_ANSWERED:
                data = await _until(wire, client, client.read)
                received += len(data)
                if answer := exchange.take(data):
                    return End.DONE, "", answer
    except TimeoutError:
        return End.SILENT, _silent(deadline), None
    except TlsEndedError as ended:
        return ended.end, ended.reason, None
    except NotHttpError as error:
        return End.FOREIGN, f"what it answers is not HTTP/1.1: {error}", None
    return End.FOREIGN, "what it answers has no end", None


async def _until(wire: socket.socket, client: TlsClient, step: Callable[[], T | None]) -> T:
    """Feed the client until `step` has a result."""
    loop = asyncio.get_running_loop()
    while True:
        result = step()
        # a peer that refuses may have hung up already; its reason is still to be read
        with suppress(OSError):
            await loop.sock_sendall(wire, client.outgoing())
        if result is not None:
            return result
        try:
            data = await loop.sock_recv(wire, _AT_ONCE)
        except OSError as error:
            raise TlsEndedError(End.CLOSED, _said(error)) from error
        client.take(data)
        # what is there already is received without a pause, and a flood of it would let no deadline pass
        await asyncio.sleep(0)


def _silent(deadline: float) -> str:
    return f"nothing came within {deadline:g} s"


def _said(error: OSError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused: nothing listens there"
    if isinstance(error, ConnectionResetError):
        return "it reset the connection"
    return os.strerror(error.errno) if error.errno else str(error)
