"""Istio's clients ping every 15 to 30 seconds, on idle connections too, and are not hung up on for it.

Intervals are waited for with a server whose smallest one is short; the one that is served with is compared, so that
no test lasts as long as Istio's clients wait.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

import grpc
import grpc.aio

from meshtui.ca.server import HOST, OPTIONS
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from meshtui.wire.istio_ca_pb2_grpc import IstioCertificateServiceStub
from tests.ca.hostile import DEADLINE, Hostile, serving, setting
from tests.ca.raw_http2 import ENHANCE_YOUR_CALM, Kind, RawConnection

SMALLEST = "grpc.http2.min_ping_interval_without_data_ms"
ISTIO = 15_000
"""Milliseconds: the most frequent pings that istiod allows, so that its clients send none more often."""
INTERVAL = 0.05
PERMITTED = tuple({**dict(OPTIONS), SMALLEST: int(INTERVAL * 1000)}.items())
PINGS = 10


def test_what_is_served_with_permits_istios_pings() -> None:
    """The smallest interval leaves room for the jitter of a network, and pings need no call."""
    options = dict(OPTIONS)
    assert options[SMALLEST] <= ISTIO * 2 / 3
    assert options["grpc.keepalive_permit_without_calls"] == 1


async def test_pings_at_the_permitted_rate_are_answered(tmp_path: Path) -> None:
    """On a connection without calls each ping gets its answer, more of them than a server would have forgiven."""
    async with serving(setting(tmp_path), options=PERMITTED) as ca, asyncio.timeout(DEADLINE):
        connection = await RawConnection.open(ca.port)
        for number in range(PINGS):
            answer = await connection.ping(number)
            assert answer is not None
            assert (answer.kind, answer.payload) == (Kind.PING, number.to_bytes(8, "big"))
            await asyncio.sleep(INTERVAL * 1.2)
        await connection.close()


async def test_pings_that_are_too_frequent_are_not(tmp_path: Path) -> None:
    """As the CA is served, a peer that pings without a pause is told to calm down, and hung up on."""
    async with serving(setting(tmp_path)) as ca, asyncio.timeout(DEADLINE):
        connection = await RawConnection.open(ca.port)
        answer = await connection.ping()
        while answer is not None and answer.kind == Kind.PING:
            answer = await connection.ping()
        assert answer is not None
        assert (answer.kind, answer.error, answer.payload[8:]) == (Kind.GOAWAY, ENHANCE_YOUR_CALM, b"too_many_pings")
        await connection.close()


async def test_an_idle_client_that_pings_stays_connected(tmp_path: Path) -> None:
    """A real client that keeps its connection alive keeps it at the permitted rate; one above it loses it meanwhile."""
    for name in ("permitting", "strict"):
        (tmp_path / name).mkdir()
    permitting, strict = setting(tmp_path / "permitting"), setting(tmp_path / "strict")
    async with serving(permitting, options=PERMITTED), serving(strict):
        kept = asyncio.create_task(_kept(permitting, 4.5))
        assert not await _kept(strict, DEADLINE)
        assert await kept


async def _kept(ca: Hostile, seconds: float) -> bool:
    """Whether a client that pings every second has its connection after so long, without a call meanwhile."""
    options = [
        ("grpc.keepalive_time_ms", 1000),  # gRPC's clients do not go below
        ("grpc.keepalive_timeout_ms", 5_000),
        ("grpc.keepalive_permit_without_calls", 1),
        ("grpc.http2.max_pings_without_data", 0),
    ]
    credentials = grpc.ssl_channel_credentials(ca.root.following[-1].encode())
    async with grpc.aio.secure_channel(f"{HOST}:{ca.port}", credentials, options=options) as channel:
        stub, request = IstioCertificateServiceStub(channel), IstioCertificateRequest(csr=ca.csr())
        await stub.CreateCertificate(request, metadata=tuple(ca.bearer()), timeout=DEADLINE)
        ready = grpc.ChannelConnectivity.READY
        assert channel.get_state() is ready
        try:
            async with asyncio.timeout(seconds):
                await channel.wait_for_state_change(ready)
        except TimeoutError:
            return True
        return False
