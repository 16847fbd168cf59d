"""The status page over real HTTP, its numbers and its health."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families

from meshtui.agent.issuance import Calls
from meshtui.agent.metrics import Metrics, Readings
from meshtui.agent.standing import health
from meshtui.agent.states import Failed, Pending, Ready
from meshtui.agent.status_server import Page, StatusServer
from meshtui.errors import StateError
from meshtui.identity.keys import new_key
from tests.agent.authority import ShortCa
from tests.identity.forge import NOW

DEADLINE = 10.0
HOUR = timedelta(hours=1)


@pytest.fixture
async def address() -> AsyncIterator[str]:
    server = StatusServer({"/page": lambda: Page(200, "text/plain", b"here\n")})
    yield await server.start(0)
    await server.stop()


async def say(address: str, text: bytes) -> bytes:
    host, _, port = address.rpartition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    try:
        writer.write(text)
        async with asyncio.timeout(DEADLINE):
            return await reader.read()
    finally:
        writer.close()
        await writer.wait_closed()


@pytest.mark.parametrize(
    ("request_line", "status"),
    [
        (b"GET /page HTTP/1.1", 200),
        (b"GET /page?a=b HTTP/1.1", 200),
        (b"HEAD /page HTTP/1.1", 200),
        (b"GET /other HTTP/1.1", 404),
        (b"GET /%2e%2e/page HTTP/1.1", 404),
        (b"POST /page HTTP/1.1", 405),
        (b"garbage", 400),
    ],
)
async def test_every_request_has_its_answer(address: str, request_line: bytes, status: int) -> None:
    """And ends its connection."""
    answer = await say(address, request_line + b"\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert answer.endswith(b"here\n") == (request_line.startswith(b"GET /page"))


async def test_a_visitor_who_says_nothing_holds_up_nobody() -> None:
    """The server stops while he is there."""
    server = StatusServer({})
    host, _, port = (await server.start(0)).rpartition(":")
    _, writer = await asyncio.open_connection(host, int(port))
    async with asyncio.timeout(DEADLINE):
        await server.stop()
    writer.close()


async def test_a_taken_port_is_said(address: str) -> None:
    """With the option that names another."""
    with pytest.raises(StateError, match="--metrics-port"):
        await StatusServer({}).start(int(address.rpartition(":")[2]))


def test_the_numbers_have_istios_names() -> None:
    """Read by Prometheus' own parser; what is not known is not there."""
    now = [Readings(Calls(), None, None, 0)]
    metrics = Metrics(lambda: now[0])

    def samples() -> dict[str, tuple[dict[str, str], float]]:
        families = text_string_to_metric_families(metrics.page().decode())
        return {sample.name: (sample.labels, sample.value) for family in families for sample in family.samples}

    assert "istio_agent_cert_expiry_seconds" not in samples()
    now[0] = Readings(Calls(made=5, failed=3, retries=2, milliseconds=12.5), 3600.0, 0.5, 1)
    csr = {"request_type": "csr"}
    assert samples() == {
        "istio_agent_cert_expiry_seconds": ({"resource_name": "default"}, 3600.0),
        "istio_agent_num_outgoing_requests": (csr, 5),
        "istio_agent_num_failed_outgoing_requests": (csr, 3),
        "istio_agent_num_outgoing_retries": (csr, 2),
        "istio_agent_outgoing_latency": (csr, 12.5),
        "istio_agent_startup_duration_seconds": ({}, 0.5),
        "istio_agent_scrapes_total": ({}, 2),
        "istio_agent_pilot_total_xds_rejects": ({"type": "sds"}, 1),
    }


def test_health_says_why_and_how_long() -> None:
    """Ready is who holds a valid certificate; trouble that has not hurt yet is a reason beside it."""
    svid = ShortCa().svid(new_key(), NOW, HOUR)
    ready = Ready(svid, NOW + HOUR / 2)
    assert (health(Pending(), "", NOW).ready, health(Pending(), "", NOW).seconds_left) == (False, None)
    nothing = health(Failed("The CA is gone.", True, None), "", NOW)
    assert (nothing.ready, nothing.reason, nothing.seconds_left) == (False, "The CA is gone.", None)
    well = health(ready, "", NOW)
    assert (well.ready, well.reason, well.seconds_left) == (True, "", 3600)
    risk = health(Failed("The CA is gone.", True, ready), "The disk is full.", NOW)
    assert (risk.ready, risk.reason) == (True, "The CA is gone. The disk is full.")
    over = health(Failed("The CA is gone.", True, ready), "", NOW + HOUR)
    assert (over.ready, over.seconds_left) == (False, 0)
    assert "expired at" in over.reason
    assert over.reason.endswith("The CA is gone.")
