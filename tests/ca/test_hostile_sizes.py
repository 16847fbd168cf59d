"""What is too large ends before it is looked at: messages, what they inflate to, header blocks. No leaf, no crash.

By a client of its own making: a gRPC client bounds what it sends itself, as the server's settings tell it to.
"""

from __future__ import annotations

import asyncio
import gzip
import struct
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest

from meshtui.ca.call_bounds import MAX_HEADERS
from meshtui.ca.records import State
from meshtui.ca.server import OPTIONS
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from tests.ca.hostile import DEADLINE, Hostile, serving, setting
from tests.ca.raw_http2 import (
    END_HEADERS,
    END_STREAM,
    Kind,
    RawConnection,
    call_headers,
    frame,
    grpc_message,
    header_block,
)

LIMIT = 64 * 1024
OK, INVALID_ARGUMENT, RESOURCE_EXHAUSTED = b"0", b"3", b"8"
FRAME = 16_000


@pytest.fixture
async def ca(tmp_path: Path) -> AsyncIterator[Hostile]:
    options = {**dict(OPTIONS), "grpc.http2.settings_timeout": 4000}  # longer than any of these takes on a busy machine
    async with serving(setting(tmp_path), patience=1.0, options=tuple(options.items())) as served:
        yield served


async def _status(ca: Hostile, block: bytes, data: bytes, *, acknowledge: bool = True) -> bytes:
    """Code of gRPC with which a call of these headers and this data ends; empty when the connection ends first."""
    connection = await RawConnection.open(ca.port, acknowledge=acknowledge)
    pieces = [block[start : start + FRAME] for start in range(0, len(block), FRAME)]
    body = [data[start : start + FRAME] for start in range(0, len(data), FRAME)]
    frames = [
        *(
            frame(Kind.CONTINUATION if number else Kind.HEADERS, END_HEADERS * (number == len(pieces) - 1), 1, piece)
            for number, piece in enumerate(pieces)
        ),
        *(frame(Kind.DATA, END_STREAM * (number == len(body) - 1), 1, piece) for number, piece in enumerate(body)),
    ]
    try:
        async with asyncio.timeout(DEADLINE):
            await connection.send(b"".join(frames))
            found = await connection.until(Kind.HEADERS, END_STREAM)
    finally:
        await connection.close()
    return found.payload.partition(b"grpc-status")[2][1:2] if found else b""


async def _goes_on(ca: Hostile, leaves: int = 0) -> None:
    """Only honest calls got a certificate, this one too."""
    assert (await ca.ask(ca.message(), ca.bearer())).chain
    assert sum(entry.state is State.ISSUED for entry in ca.decisions()) == leaves + 1


def _padded(ca: Hostile, size: int) -> bytes:
    """A good request of exactly this size, by a field that nobody knows."""
    request = ca.message()
    room = size - len(request) - 5
    padding = struct.pack("<BBBB", 0xA2, 0x06, room & 0x7F | 0x80, room >> 7 & 0x7F | 0x80) + bytes([room >> 14])
    found = request + padding + bytes(room)
    assert len(found) == size
    assert IstioCertificateRequest.FromString(found).csr
    return found


async def test_a_message_of_64_kib_is_read(ca: Hostile) -> None:
    """The bound itself is within it."""
    assert await _status(ca, call_headers(ca.bearer()), grpc_message(_padded(ca, LIMIT))) == OK
    await _goes_on(ca, leaves=1)


@pytest.mark.parametrize("size", [LIMIT + 1, 1_000_000, 2**32 - 1])
async def test_a_larger_message_is_not(ca: Hostile, size: int) -> None:
    """One byte more is refused by its announced length, good credential or not, without waiting for the rest."""
    announced = struct.pack(">BI", 0, size) + ca.message()
    for headers in (ca.bearer(), []):
        assert await _status(ca, call_headers(headers), announced) == RESOURCE_EXHAUSTED
    await _goes_on(ca)


async def test_what_inflates_is_not(ca: Hostile) -> None:
    """A compressed message counts with the size that it would have."""
    bomb = gzip.compress(bytes(50_000_000))
    assert len(bomb) < LIMIT
    data = struct.pack(">BI", 1, len(bomb)) + bomb
    assert await _status(ca, call_headers([("grpc-encoding", "gzip")]), data) == RESOURCE_EXHAUSTED
    await _goes_on(ca)


async def test_compressed_requests_are_read(ca: Hostile) -> None:
    """A client may compress what it sends."""
    packed = gzip.compress(ca.message())
    data = struct.pack(">BI", 1, len(packed)) + packed
    assert await _status(ca, call_headers([*ca.bearer(), ("grpc-encoding", "gzip")]), data) == OK
    await _goes_on(ca, leaves=1)


@pytest.mark.parametrize(
    ("flag", "encoding"), [(1, []), (1, [("grpc-encoding", "nonsense")]), (9, []), (1, [("grpc-encoding", "gzip")])]
)
async def test_a_broken_encoding_is_refused(ca: Hostile, flag: int, encoding: Sequence[tuple[str, str]]) -> None:
    """What cannot be inflated is no request."""
    data = struct.pack(">BI", flag, 20) + b"not compressed data!"
    assert await _status(ca, call_headers([*ca.bearer(), *encoding]), data) not in (OK, b"")
    await _goes_on(ca)


_HEADERS = {
    "one of 20 kB": [("x-large", "y" * 20_000)],
    "one of 1 MB": [("x-large", "y" * 1_000_000)],
    "a thousand": [(f"x-{number}", "y" * 100) for number in range(1000)],
    "the same one": [("x-again", "y" * 100)] * 1000,
    "tokens": [("authorization", f"Bearer {'y' * 1000}")] * 20,
}


@pytest.mark.parametrize("acknowledge", [True, False])
@pytest.mark.parametrize("kind", _HEADERS)
async def test_large_header_blocks_are_refused(ca: Hostile, kind: str, acknowledge: bool) -> None:
    """By gRPC, or by the CA where gRPC's own bound does not hold: for peers that do not acknowledge its settings."""
    block = call_headers([*ca.bearer(), *_HEADERS[kind]])
    assert len(block) > MAX_HEADERS
    assert await _status(ca, block, grpc_message(ca.message()), acknowledge=acknowledge) == RESOURCE_EXHAUSTED
    await _goes_on(ca)


async def test_small_blocks_that_mean_large_ones_are_refused(ca: Hostile) -> None:
    """A header that is sent once and repeated by its number (an HPACK bomb) counts each time."""
    once = b"\x40" + header_block([("x-bomb", "y" * 3000)])[1:]
    block = call_headers(ca.bearer()) + once + b"\xbe" * 2000
    assert len(block) < MAX_HEADERS
    for acknowledge in (True, False):
        found = await _status(ca, block, grpc_message(ca.message()), acknowledge=acknowledge)
        assert found == RESOURCE_EXHAUSTED
    await _goes_on(ca)


async def test_peers_without_bounds_are_hung_up_on(ca: Hostile) -> None:
    """Who never acknowledges the CA's settings is not kept, whatever he has open."""
    connection = await RawConnection.open(ca.port, acknowledge=False)
    await connection.begin([1, 3, 5])
    async with asyncio.timeout(DEADLINE):
        while await connection.receive() is not None:
            pass
    await connection.close()
    await _goes_on(ca)
