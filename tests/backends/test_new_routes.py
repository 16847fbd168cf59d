"""From nothing to a 418 in one action: root, certificate, Secret, Gateway, VirtualService."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.errors import UsageError
from meshtui.manifest.model import ObjectKey
from meshtui.mesh.actions import Issue, Terms

pytestmark = pytest.mark.asyncio(loop_scope="module")

TARGET = "gateway/istio-system/shop"
HOST = "shop.example.net"
ACTION = Issue(targets=(TARGET,), terms=Terms(hosts=(HOST,)), route="prod/httpbin:8000")


@pytest_asyncio.fixture(autouse=True, loop_scope="module")
async def nothing_left(core: MeshCore) -> AsyncIterator[None]:
    yield
    for kind, namespace in (("Gateway", "prod"), ("VirtualService", "prod"), ("Secret", "istio-system")):
        key = ObjectKey(kind, namespace, "shop")
        if core.catalog.get(key) is not None:
            await core.remove(key)


async def test_one_action_makes_all_of_it_and_curl_proves_it(core: MeshCore, opened: EmbeddedMesh) -> None:
    """The plan says what it creates; when it is done, the system's curl gets its answer by the root that was made."""
    plan = await opened.plan(ACTION)
    assert f"Creates Gateway prod/shop and VirtualService prod/shop for {HOST}." in plan.effects
    assert plan.command == f"meshtui issue {TARGET} --host {HOST} --route prod/httpbin:8000"
    assert sum("kubectl apply" in each for each in plan.by_hand) >= 2
    last = [progress async for progress in opened.perform(plan.id)][-1]
    assert (last.error, last.served) == ("", True)
    ((_, address),) = core.endpoints(TARGET)
    process = await asyncio.create_subprocess_exec(
        *("curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", "--cacert", str(core.gateway_root("example.net"))),
        *("--resolve", f"{HOST}:{address.port}:127.0.0.1", f"https://{HOST}:{address.port}/status/418"),
        stdout=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(15):
        answer, _ = await process.communicate()
    assert answer == b"418"
    assert [each.code for each in core.desired.edge.findings_of(TARGET, core.clock())] == []


@pytest.mark.parametrize(
    ("action", "words"),
    [
        (Issue(targets=(TARGET,), terms=Terms(issuer="example.net"), route="prod/httpbin:8000"), "for which hosts"),
        (Issue(targets=(TARGET,), terms=Terms(hosts=(HOST,)), route="prod/nobody"), "no Service prod/nobody"),
    ],
)
async def test_what_cannot_be_routed_changes_nothing(opened: EmbeddedMesh, action: Issue, words: str) -> None:
    """Said when it is planned."""
    with pytest.raises(UsageError, match=words):
        await opened.plan(action)
