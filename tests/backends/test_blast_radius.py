"""What stands or falls with a certificate of the embedded mesh: as it is, with real Envoys and calls."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
from cryptography import x509

from meshtui.agent.states import Ready
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.identity.bundle import TrustBundle
from meshtui.mesh.traffic import TrafficQuery
from tests.gateway.edges import pair, secret
from tests.identity import forge
from tests.manifest.writing import read
from tests.xds.live import DEADLINE, HTTPBIN, SLEEP, Unix, ask

pytestmark = pytest.mark.asyncio(loop_scope="module")

GATEWAY = "gateway/istio-system/httpbin-credential"
INGRESS = "workload/istio-system/istio-ingressgateway"
REACHED = ("host httpbin.example.com", "Gateway prod/httpbin-gateway", "VirtualService prod/httpbin (1 route)")


@pytest_asyncio.fixture(loop_scope="module")
async def lost(core: MeshCore) -> AsyncIterator[str]:
    """A workload that believes in another root than the others do."""
    target = "workload/prod/reviews-v1"
    secrets = core.workloads[target].identity.secrets
    before = secrets.ready
    assert before is not None
    other = TrustBundle((forge.ca("another").certificate,))
    secrets.state = Ready(replace(before.svid, bundle=other), before.due_at)
    core.changed(target)
    yield target
    secrets.state = before
    core.changed(target)


async def test_a_workload_says_what_leads_to_it_and_who_called(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Presented at the socket on which others reach it; a call is told as soon as its log has come."""
    depends = (await opened.detail(HTTPBIN)).depends
    assert depends[0] == f"presented by {_envoy(core, HTTPBIN)} at {core.workloads[HTTPBIN].inbound}"
    assert depends[1] == "trusted by 9 of 9 workloads through O=cluster.local"
    assert depends[2:-1] == ("Service prod/httpbin", *REACHED)
    assert depends[-1].startswith("called by nobody since ")
    outbound = core.workloads[SLEEP].outbound
    assert outbound is not None
    assert (await ask(Unix(outbound, "httpbin.prod"), "/get")).status == 200
    async with asyncio.timeout(DEADLINE):
        while not (await opened.traffic(TrafficQuery())).pairs:
            pass
    assert f"called by {SLEEP} since " in (await opened.detail(HTTPBIN)).depends[-1]


async def test_what_only_calls_or_is_only_held(core: MeshCore, opened: EmbeddedMesh) -> None:
    """A gateway presents its own to what it calls, for all that it opens; an agent without Envoy to nobody."""
    depends = (await opened.detail(INGRESS)).depends
    assert depends[0] == f"presented by {_envoy(core, INGRESS)} to what it calls"
    assert depends[2:5] == ("Service istio-system/istio-ingressgateway", *REACHED[:2])
    alone = (await opened.detail("workload/prod/details-v1")).depends
    sds = core.workloads["workload/prod/details-v1"].sds_socket
    assert alone[0] == f"nothing presents it: its agent alone holds it, for whoever asks at unix:{sds}"


async def test_a_gateway_says_where_it_is_presented_and_what_its_clients_need(
    core: MeshCore, opened: EmbeddedMesh
) -> None:
    """The root by name and by file."""
    ((_, address),) = core.endpoints(GATEWAY)
    assert (await opened.detail(GATEWAY)).depends == (
        f"presented by {_envoy(core, INGRESS)} of {INGRESS} at {address}",
        f"clients need CN=example.com root,O=example.com, in {core.gateway_root('example.com')}",
        *REACHED,
    )


async def test_where_the_root_is_that_clients_need(core: MeshCore, opened: EmbeddedMesh) -> None:
    """In a file, in the Secret, presented beside the leaf, or known to nobody here; such a one is presented by none."""
    root, now = forge.ca("elsewhere", end=core.clock() + timedelta(days=9)), core.clock()
    names = x509.SubjectAlternativeName([x509.DNSName("elsewhere.example")])
    made = forge.make([(names, True)], issuer=root, start=now - timedelta(hours=1), end=now + timedelta(days=1))
    await core.apply(
        read(
            _secret("filed", made, annotations={"meshtui.io/roots": root.pem}),
            _secret("kept", made, ca_crt=root.pem),
            _secret("presented", made, root),
            _secret("unknown", made),
        )
    )
    file = core.paths.brought_roots("istio-system", "filed")
    where = {
        "filed": f"in {file}",
        "kept": "in Secret istio-system/kept",
        "presented": "which it presents itself",
        "unknown": "which is not known here",
    }
    for name, expected in where.items():
        depends = (await opened.detail(f"gateway/istio-system/{name}")).depends
        unused = "nothing presents it: no Envoy opens a Gateway that refers to it"
        assert depends == (unused, f"clients need CN=elsewhere, {expected}")


async def test_who_does_not_trust_it_is_named(core: MeshCore, opened: EmbeddedMesh, lost: str) -> None:
    """Of a certificate and of what signed it; what the one who is lost holds leads to the root of nobody."""
    expected = f"trusted by 8 of 9 workloads through O=cluster.local; not by {lost}"
    assert (await opened.detail(HTTPBIN)).depends[1] == expected
    trust, signed = (await opened.detail("authority/root")).depends
    assert trust == expected
    assert re.match(r"signed 9 certificates in service: workload/\S+, .* and 4 more$", signed)


async def test_a_root_of_gateways_is_not_the_mesh_s(core: MeshCore, opened: EmbeddedMesh) -> None:
    """No workload believes in it; clients must."""
    root = "CN=example.com root,O=example.com"
    assert (await opened.detail("authority/example.com")).depends == (
        f"trusted by none of 9 workloads: {root} is in no bundle",
        f"clients need {root}, in {core.gateway_root('example.com')}",
        f"signed 1 certificate in service: {GATEWAY}",
    )


def _secret(name: str, made: forge.Pair, *above: forge.Pair, annotations: Any = None, **data: str) -> dict[str, Any]:
    written = secret(name, namespace="istio-system", **pair(made, *above, **data))
    written["metadata"]["annotations"] = annotations or {}
    return written


def _envoy(core: MeshCore, target: str) -> str:
    proxy = core.workloads[target].proxy
    assert proxy is not None
    return proxy.version
