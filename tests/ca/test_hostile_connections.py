"""Item 47 of the checklist: callers that hang up, stall, trickle or never listen hold nothing for long.

Each test ends with an honest call that is served. Floods of a real process are in `test_hostile_floods`.
"""

from __future__ import annotations

import asyncio
import random
import ssl
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from meshtui.ca.records import State
from meshtui.ca.server import HOST, MAX_CALLS, OPTIONS
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from meshtui.wire.istio_ca_pb2_grpc import IstioCertificateServiceStub
from tests.ca.hostile import DEADLINE, Hostile, serving, setting
from tests.ca.raw_http2 import END_STREAM, PREFACE, Kind, RawConnection, frame, grpc_message

HANDSHAKE = {**dict(OPTIONS), "grpc.server_handshake_timeout_ms": 300}
SHORT_LIVED = {**dict(OPTIONS), "grpc.max_connection_age_ms": 300, "grpc.max_connection_age_grace_ms": 200}
PATIENT = {**SHORT_LIVED, "grpc.max_connection_age_grace_ms": 5000}
"""Grace enough for a call that had begun, on a busy machine too."""
TRIED_AGAIN = (grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.UNAVAILABLE)
WINDOW = 4
"""SETTINGS_INITIAL_WINDOW_SIZE."""


async def _served_soon(ca: Hostile) -> None:
    """An honest client that tries again gets its certificate."""
    async with asyncio.timeout(DEADLINE):
        while (answer := await ca.ask(ca.message(), ca.bearer())).code in TRIED_AGAIN:
            pass
    assert answer.code is grpc.StatusCode.OK


async def _settled(ca: Hostile) -> None:
    """No decision is open, and the ledger is whole."""
    async with asyncio.timeout(DEADLINE):
        while any(entry.state is State.INTENT for entry in ca.reader.entries(limit=1000)):
            await _served_soon(ca)
    assert verify_ledger(ca.directory / "ledger.db", ca.root.following[-1].encode()).problems == ()


@asynccontextmanager
async def _raw(ca: Hostile, *, preface: bool = True) -> AsyncIterator[RawConnection]:
    connection = await RawConnection.open(ca.port, preface=preface)
    try:
        yield connection
    finally:
        await connection.close()


@pytest.mark.parametrize(
    "beginning",
    [b"", grpc_message(b"x" * 1000)[:3], grpc_message(b"x" * 1000)[:500]],
    ids=["nothing", "half a length", "half a message"],
)
async def test_a_call_whose_message_does_not_come_ends(tmp_path: Path, beginning: bytes) -> None:
    """Callers without a credential who only open calls, as many as there are places, keep nobody else out."""
    streams = range(1, 2 * MAX_CALLS, 2)
    async with serving(setting(tmp_path), patience=0.3) as ca, _raw(ca) as stalling:
        await stalling.begin(streams)
        await stalling.send(b"".join(frame(Kind.DATA, 0, stream, beginning) for stream in streams))
        await _served_soon(ca)
        ended = set[int]()
        async with asyncio.timeout(DEADLINE):
            while len(ended) < MAX_CALLS:
                found = await stalling.until(Kind.HEADERS, END_STREAM)
                assert found is not None, "the connection itself is not to blame"
                ended.add(found.stream)
        assert not [entry for entry in ca.decisions() if entry.state is not State.ISSUED]


async def test_a_call_that_ends_without_a_message_is_answered(tmp_path: Path) -> None:
    """Headers and nothing more are refused at once, long before patience ends."""
    async with serving(setting(tmp_path)) as ca, _raw(ca) as empty, asyncio.timeout(DEADLINE / 2):
        await empty.begin([1])
        await empty.send(frame(Kind.DATA, END_STREAM, 1))
        assert await empty.until(Kind.HEADERS, END_STREAM)
        await _served_soon(ca)


async def test_answers_that_nobody_takes_are_dropped(tmp_path: Path) -> None:
    """A caller with a good token who never opens its window keeps its places no longer than its connection may live."""
    async with serving(setting(tmp_path), options=tuple(SHORT_LIVED.items())) as ca:
        async with _raw(ca, preface=False) as deaf:
            await deaf.send(PREFACE + frame(Kind.SETTINGS, 0, 0, struct.pack(">HI", WINDOW, 0)))
            streams, message = range(1, 2 * MAX_CALLS, 2), grpc_message(ca.message())
            await deaf.begin(streams, ca.bearer())
            with suppress(ConnectionError):
                await deaf.send(b"".join(frame(Kind.DATA, END_STREAM, stream, message) for stream in streams))
            async with asyncio.timeout(DEADLINE):
                assert await deaf.until(Kind.DATA) is None
        await _served_soon(ca)
        await _settled(ca)


async def test_honest_calls_survive_the_end_of_their_connection(tmp_path: Path) -> None:
    """When a connection has lived long enough its caller changes to another one, and no call fails."""
    async with serving(setting(tmp_path), options=tuple(PATIENT.items())) as ca, ca.connection() as channel:
        stub, request = IstioCertificateServiceStub(channel), IstioCertificateRequest(csr=ca.csr())
        changes, state = 0, channel.get_state()
        async with asyncio.timeout(DEADLINE):
            while changes < 6:
                await asyncio.gather(
                    *(stub.CreateCertificate(request, metadata=tuple(ca.bearer()), timeout=DEADLINE) for _ in range(4))
                )
                changes += channel.get_state() is not state
                state = channel.get_state()


async def test_a_handshake_that_does_not_end_is_ended(tmp_path: Path) -> None:
    """Connections that say nothing, half a hello, or nothing after the handshake are hung up on, others served."""
    async with serving(setting(tmp_path), options=tuple(HANDSHAKE.items())) as ca:
        hello = _client_hello()
        silent = [await asyncio.open_connection(HOST, ca.port) for _ in range(40)]
        for _, writer in silent[:20]:
            writer.write(hello[: len(hello) // 2])
        async with _raw(ca, preface=False) as secure, asyncio.timeout(DEADLINE):
            await _served_soon(ca)
            for reader, writer in silent:
                with suppress(ConnectionError):
                    await reader.read()
                writer.transport.abort()
            assert await secure.until(Kind.DATA) is None
        await _served_soon(ca)


async def test_a_trickle_does_not_prolong_a_handshake(tmp_path: Path) -> None:
    """One byte at a time, the end comes as soon as with none."""
    async with serving(setting(tmp_path), options=tuple(HANDSHAKE.items())) as ca:
        reader, writer = await asyncio.open_connection(HOST, ca.port)
        reading, sent = asyncio.ensure_future(reader.read()), 0
        async with asyncio.timeout(DEADLINE):
            for byte in _client_hello():
                writer.write(bytes([byte]))
                sent += 1
                await asyncio.wait([reading], timeout=0.02)
                if reading.done():
                    break
            with suppress(ConnectionError):
                await reading
        writer.transport.abort()
        assert sent < len(_client_hello())
        await _served_soon(ca)


async def test_callers_that_hang_up_leave_nothing_open(tmp_path: Path) -> None:
    """Calls cancelled at any moment end as a certificate or a failure in a whole ledger, never as an open intent."""
    chance = random.Random(seed := random.randrange(2**32))
    async with serving(setting(tmp_path)) as ca, ca.connection() as channel:
        stub, request = IstioCertificateServiceStub(channel), IstioCertificateRequest(csr=ca.csr())
        await _served_soon(ca)
        loop = asyncio.get_running_loop()
        calls = []
        for _ in range(200):
            calls.append(stub.CreateCertificate(request, metadata=tuple(ca.bearer()), timeout=DEADLINE))
            loop.call_later(chance.uniform(0, 0.2), calls[-1].cancel)
        outcomes = [await _outcome(call) for call in calls]
        await _settled(ca)
        known = {entry.pem for entry in ca.reader.entries(limit=1000) if entry.state is State.ISSUED}
    assert {outcome for outcome in outcomes if outcome} <= known, f"seed {seed}"


async def _outcome(call: grpc.aio.UnaryUnaryCall[Any, Any]) -> str:
    try:
        return str((await call).cert_chain[0])
    except (asyncio.CancelledError, grpc.aio.AioRpcError):
        return ""


async def test_connections_that_break_leave_nothing_open(tmp_path: Path) -> None:
    """A caller whose connection goes away with calls in flight leaves a whole ledger behind."""
    async with serving(setting(tmp_path)) as ca:
        message = grpc_message(ca.message())
        for count in (1, 5, 20, 60):
            async with _raw(ca) as breaking:
                await breaking.begin(streams := range(1, 2 * count, 2), ca.bearer())
                await breaking.send(b"".join(frame(Kind.DATA, END_STREAM, stream, message) for stream in streams))
        await _settled(ca)


@pytest.mark.parametrize(
    "garbage",
    [
        b"GET / HTTP/1.1\r\nHost: ca\r\n\r\n",
        b"\0" * 5000,
        PREFACE + b"\xff" * 5000,
        PREFACE + frame(Kind.SETTINGS, 0, 0) + b"\xff\xff\xff\x01\x04\0\0\0\x01" + b"x" * 5000,
        PREFACE + frame(Kind.SETTINGS, 0, 0, b"odd"),
        PREFACE + frame(Kind.SETTINGS, 0, 0) + frame(Kind.DATA, 0, 1, b"x"),
        PREFACE + frame(Kind.SETTINGS, 0, 0) + frame(Kind.HEADERS, 4, 2, b"\x82"),
        PREFACE + frame(Kind.SETTINGS, 0, 0) + frame(Kind.HEADERS, 4, 1, b"\xbf\xff\xff\xff\xff\x0f"),
    ],
    ids=["HTTP/1", "zeros", "ones", "16 MB frame", "settings", "no stream", "even stream", "broken block"],
)
async def test_what_is_no_http2_is_hung_up_on(tmp_path: Path, garbage: bytes) -> None:
    """Whatever comes after a handshake, the connection alone pays for it."""
    async with serving(setting(tmp_path), options=tuple(HANDSHAKE.items())) as ca, _raw(ca, preface=False) as odd:
        with suppress(ConnectionError):
            await odd.send(garbage)
        await _served_soon(ca)
        assert not [entry for entry in ca.decisions() if entry.state is not State.ISSUED]


def _client_hello() -> bytes:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    connection = ssl.create_default_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        connection.do_handshake()
    return outgoing.read()
