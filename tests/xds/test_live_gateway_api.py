"""The Kubernetes Gateway API through real Envoys, asked with the system's curl."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import pytest_asyncio

from meshtui.manifest.binding import GATEWAY_NAME
from meshtui.manifest.model import ObjectKey
from meshtui.probe.tls import Address, seen
from meshtui.wire.discovery import Rejected
from tests.identity import forge
from tests.manifest.api_writing import (
    allowing,
    http_route,
    kubernetes_gateway,
    listens,
    path,
    reference,
    reference_grant,
    sends,
    terminates,
)
from tests.manifest.writing import document
from tests.xds.live import LiveMesh, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

HOST = "web.example.com"
NO_HANDSHAKE = 35
"""curl's exit status when TLS cannot be agreed on."""


@dataclass(frozen=True)
class Answer:
    """What curl was told."""

    status: int
    location: str
    body: str


class NoAnswerError(Exception):
    """curl ended without one; the argument is its exit status."""


async def curl(mesh: LiveMesh, place: str, *options: str, host: str = HOST, scheme: str = "https") -> Answer:
    """Ask the gateway for a path of a host."""
    port = mesh.ports[8443 if scheme == "https" else 8080]
    roots = mesh.directory / "edge.pem"
    roots.write_text(mesh.edge_root.pem)
    command = ["curl", "-sS", "--noproxy", "*", "--max-time", "10", "--cacert", str(roots)]
    for each in mesh.ports.values():
        command += ["--resolve", f"{host}:{each}:127.0.0.1"]
    command += ["-w", "\n%{http_code} %{redirect_url}", *options, f"{scheme}://{host}:{port}{place}"]
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(*command, stdout=pipe, stderr=pipe)
    output, _ = await process.communicate()
    if process.returncode:
        raise NoAnswerError(process.returncode)
    body, _, last = output.decode().rpartition("\n")
    status, _, location = last.partition(" ")
    return Answer(int(status), location, body)


def rewriting(**path: str) -> list[dict[str, object]]:
    """Filters that replace the path, or the prefix which matched."""
    return [{"type": "URLRewrite", "urlRewrite": {"path": path}}]


def redirecting(**fields: object) -> list[dict[str, object]]:
    """Filters that send the client elsewhere."""
    return [{"type": "RequestRedirect", "requestRedirect": fields}]


TEAPOT = rewriting(type="ReplaceFullPath", replaceFullPath="/status/418")
NO_PREFIX = {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}
HEADER = {"name": "X-Kettle", "value": "on"}
ROUTE = http_route(
    "web",
    {"matches": [path("/old")], "filters": redirecting(path=NO_PREFIX)},
    sends("httpbin", path("/tea"), filters=TEAPOT),
    sends("httpbin", path("/api"), filters=rewriting(**NO_PREFIX)),
    sends("httpbin", {"path": {"value": "/"}, "headers": [HEADER]}, filters=TEAPOT),
    sends("httpbin", path("/status")),
    sends("none", path("/nowhere")),
    parents=(reference("istio-system/web", sectionName="secure"),),
    hostnames=["*.example.com"],
)
TO_HTTPS = http_route(
    "to-https",
    {"filters": redirecting(scheme="https", statusCode=301)},
    parents=(reference("istio-system/web", port=80),),
)


def web(*certificates: str, **spec: object) -> dict[str, Any]:
    """A Gateway beside the demo's ingress gateway."""
    everyone: dict[str, Any] = {"allowedRoutes": allowing("All")}
    secure = terminates("secure", *certificates, host=HOST, **everyone)
    return kubernetes_gateway("web", secure, listens("plain", host=HOST, **everyone), namespace="istio-system", **spec)


def apply(mesh: LiveMesh, *documents: dict[str, object]) -> None:
    """Change the manifests of the running mesh."""
    mesh.apply("\n---\n".join(map(json.dumps, documents)))


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveMesh]:
    live = LiveMesh(tmp_path_factory.mktemp("m"))
    try:
        await live.start()
        found = live.catalog.get(ObjectKey("Deployment", "istio-system", "istio-ingressgateway"))
        assert found is not None
        labelled = json.loads(json.dumps(found.document))
        labelled["spec"]["template"]["metadata"]["labels"][GATEWAY_NAME] = "web"
        live.apply(live.certificate("web-credential", [HOST, "other.example.com"]))
        apply(live, labelled, web("web-credential"), ROUTE, TO_HTTPS)
        yield live
    finally:
        await live.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def mesh(running: LiveMesh) -> AsyncIterator[LiveMesh]:
    """With the Gateway in place, and as it was for the next test."""
    before = running.catalog
    await until(lambda: serves(running))
    yield running
    running.catalog = before
    running.publish()


async def serves(mesh: LiveMesh, *options: str) -> bool:
    try:
        return (await curl(mesh, "/status/200", *options)).status == 200
    except NoAnswerError:
        return False


async def test_a_listener_ends_tls_and_its_routes_answer(mesh: LiveMesh) -> None:
    """The Gateway is opened by the workload with its name as a label, with the Secret beside it."""
    assert (await curl(mesh, "/tea")).status == 418
    assert [verdict.reason for verdict in mesh.verdicts if isinstance(verdict, Rejected)] == []


async def test_a_prefix_is_one_of_path_elements(mesh: LiveMesh) -> None:
    """`/tea` is `/tea/` and what is below it, and not `/teapot`."""
    places = ("/tea/", "/tea/green", "/teapot", "/nothing")
    assert [(await curl(mesh, place)).status for place in places] == [418, 418, 404, 404]


async def test_a_prefix_is_removed(mesh: LiveMesh) -> None:
    """What is left begins with one slash."""
    answer = await curl(mesh, "/api/get?a=b")
    assert (answer.status, json.loads(answer.body)["url"].partition(f"{mesh.ports[8443]}")[2]) == (200, "/get?a=b")


async def test_headers_choose_a_route(mesh: LiveMesh) -> None:
    """Names in any case; the longer path of another route still wins."""
    assert (await curl(mesh, "/anything", "-H", "x-kettle: on")).status == 418
    assert (await curl(mesh, "/anything", "-H", "x-kettle: off")).status == 404
    assert (await curl(mesh, "/status/204", "-H", "x-kettle: on")).status == 204


async def test_redirects(mesh: LiveMesh) -> None:
    """By prefix on the same port, and from the plain port to the one on which HTTPS really is; curl can follow."""
    here = f"https://{HOST}:{mesh.ports[8443]}"
    assert await curl(mesh, "/old/status/204?a=b") == Answer(302, f"{here}/status/204?a=b", "")
    assert await curl(mesh, "/tea", scheme="http") == Answer(301, f"{here}/tea", "")
    assert (await curl(mesh, "/tea", "-L", scheme="http")).status == 418


async def test_a_destination_that_is_not_there_is_answered_with_500(mesh: LiveMesh) -> None:
    """As the Gateway API says."""
    assert (await curl(mesh, "/nowhere")).status == 500


async def test_a_host_is_served_when_listener_and_route_have_it(mesh: LiveMesh) -> None:
    """The listener is for one host of the route's wildcard."""
    with pytest.raises(NoAnswerError, match=str(NO_HANDSHAKE)):
        await curl(mesh, "/tea", host="other.example.com")
    assert (await curl(mesh, "/tea", "-H", "Host: other.example.com")).status == 404


async def test_a_secret_of_another_namespace_is_served_while_a_grant_stands(mesh: LiveMesh) -> None:
    """The chain is there with the ReferenceGrant, and goes when that is deleted."""
    secret = mesh.certificate("far", [HOST]).replace('"namespace": "istio-system"', '"namespace": "prod"')
    mesh.apply(secret)
    apply(mesh, web("prod/far"))

    async def refused() -> bool:
        return not await serves(mesh)

    async def answered() -> bool:
        return await serves(mesh)

    await until(refused)
    assert (await curl(mesh, "/", scheme="http")).status == 301
    apply(mesh, reference_grant("istio-system", "prod/far"))
    await until(answered)
    assert (await curl(mesh, "/tea")).status == 418
    mesh.catalog = mesh.catalog.remove(ObjectKey("ReferenceGrant", "prod", "grant"))
    mesh.publish()
    await until(refused)


async def test_clients_are_checked_against_a_config_map(mesh: LiveMesh) -> None:
    """`spec.tls.frontend` asks for a certificate of its CA; no other is let in."""
    ca = document("ConfigMap", "clients", "istio-system", data={"ca.crt": mesh.root.pem})
    refs = [reference("clients", kind="ConfigMap", group="")]
    apply(mesh, ca, web("web-credential", tls={"frontend": {"default": {"validation": {"caCertificateRefs": refs}}}}))

    async def asked() -> bool:
        return not await serves(mesh)

    await until(asked)
    assert await serves(mesh, *client(mesh, mesh.root))
    assert not await serves(mesh, *client(mesh, mesh.edge_root))


async def test_a_gateway_may_present_its_own_certificate(mesh: LiveMesh) -> None:
    """ISTIO_SIMPLE needs no Secret: what is presented is the workload's own identity."""
    option = {"gateway.istio.io/tls-terminate-mode": "ISTIO_SIMPLE"}
    own = terminates("secure", host=HOST, options=option, allowedRoutes=allowing("All"))
    apply(mesh, {**web(), "spec": {**web()["spec"], "listeners": [own]}})
    identity = "spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway"

    async def presented() -> bool:
        return (await seen(Address("127.0.0.1", mesh.ports[8443]), HOST)).facts.sans == (identity,)

    await until(presented)
    assert (await curl(mesh, "/tea", "--insecure")).status == 418


def client(mesh: LiveMesh, issuer: forge.Pair) -> tuple[str, ...]:
    """curl's options for a client's certificate of an issuer."""
    from meshtui.identity.keys import key_pem  # noqa: PLC0415

    pair = forge.svid(issuer, ["spiffe://cluster.local/ns/prod/sa/client"], **mesh._valid)
    file = mesh.directory / "client.pem"
    file.write_bytes(pair.pem.encode() + key_pem(pair.key))
    return "--cert", str(file)
