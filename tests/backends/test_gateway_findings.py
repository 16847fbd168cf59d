"""Findings about gateway certificates of a running mesh: what Envoy does not serve, and what the clock says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta

import pytest
import pytest_asyncio

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.gateway_findings import gateway_findings
from meshtui.findings import Finding
from meshtui.manifest.documents import parse, parse_document
from tests.backends.test_replacing import HOST, MUST_STAPLE, SECRET, TARGET, document, gateway, pair

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEADLINE = 15.0


def found(core: MeshCore, later: timedelta = timedelta()) -> dict[str, Finding]:
    return {each.code: each for each in gateway_findings(core, core.clock() + later) if each.target == TARGET}


async def until(core: MeshCore, condition: Callable[[], bool]) -> None:
    assert await core._pulse.until(condition, DEADLINE), found(core)


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def shop(core: MeshCore) -> AsyncIterator[None]:
    """A Gateway that names the Secret, which is gone at the end of each test."""
    await core.apply(parse(gateway(HOST), "test"))
    yield
    if core.catalog.get(SECRET) is not None:
        await core.remove(SECRET)
    async with asyncio.timeout(DEADLINE):
        while any(proxy.rejected for proxy in core.proxies(TARGET)):
            await core._pulse.until(lambda: False, 0.05)


async def test_envoy_waits_and_then_serves_an_older_one(core: MeshCore) -> None:
    """A pair that it refuses is waited for where there is none yet, and is newer than what is served where there is."""
    refused = parse_document(document(pair(more=[MUST_STAPLE])))
    await core.apply([refused])
    await until(core, lambda: "must-staple" in getattr(found(core).get("envoy-waiting"), "text", ""))
    assert f"host {HOST}" in found(core)["envoy-waiting"].affects
    await core.apply([parse_document(document(pair()))])
    await until(core, lambda: not {"envoy-waiting", "held-not-served"} & found(core).keys())
    await core.apply([refused])
    await until(core, lambda: "must-staple" in getattr(found(core).get("held-not-served"), "text", ""))
    assert "but Envoy still serves" in found(core)["held-not-served"].text


async def test_a_missing_secret_is_said_once(core: MeshCore) -> None:
    """Not as a missing certificate and as a disagreement beside it."""
    assert found(core).keys() == {"secret-missing"}
    row = core.board.row(TARGET)
    assert row is not None
    assert row.last_error == found(core)["secret-missing"].text


async def test_what_expires_affects_its_hosts(core: MeshCore) -> None:
    """By the clock alone, with who suffers and how it is mended."""
    await core.apply([parse_document(document(pair()))])
    await until(core, lambda: "held-not-served" not in found(core) and "envoy-waiting" not in found(core))
    assert "expired" not in found(core)
    expired = found(core, timedelta(days=2))["expired"]
    assert f"host {HOST}" in expired.affects
    assert expired.fix
