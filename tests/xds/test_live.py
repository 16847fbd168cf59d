"""The resources in real Envoys: what is promised of the running mesh."""

from __future__ import annotations

import asyncio
import json
import ssl

import pytest

from meshtui.probe.tls import Address, seen
from meshtui.wire.discovery import CLUSTER, EXTENSION, LISTENER, ROUTE, SECRET, Rejected
from tests.xds.live import GATEWAY, SLEEP, LiveMesh, Reply, Unix, ask, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

SECOND = """
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: second, namespace: prod}
spec:
  selector: {istio: ingressgateway}
  servers:
    - port: {number: 443, name: https, protocol: HTTPS}
      tls: {mode: SIMPLE, credentialName: second-credential}
      hosts: [second.example.com]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: second, namespace: prod}
spec:
  hosts: [second.example.com]
  gateways: [second]
  http:
    - match: [{uri: {prefix: /teapot}}]
      rewrite: {uri: /status/418}
      route: [{destination: {host: httpbin}}]
    - route: [{destination: {host: httpbin}}]
"""
DELAYED = """
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: httpbin, namespace: prod}
spec:
  hosts: [httpbin.example.com]
  gateways: [httpbin-gateway]
  http:
    - match: [{uri: {exact: /old}, method: {exact: GET}}]
      redirect: {uri: /new, redirectCode: 302}
    - route: [{destination: {host: httpbin.prod.svc.cluster.local, port: {number: 8000}}}]
      timeout: 100ms
"""


async def presented(mesh: LiveMesh, host: str) -> str:
    return (await seen(Address("127.0.0.1", mesh.ports[8443]), host)).facts.serial


async def outbound(mesh: LiveMesh, host: str, path: str) -> Reply:
    return await ask(Unix(mesh.path("out", SLEEP), host), path, host)


async def test_nothing_is_refused(mesh: LiveMesh) -> None:
    """Envoy takes everything that is computed from the demo mesh."""
    assert [verdict.reason for verdict in mesh.verdicts if isinstance(verdict, Rejected)] == []
    assert {type_url.rpartition(".")[2] for type_url in (CLUSTER, LISTENER, ROUTE, SECRET, EXTENSION)} == {
        verdict.type_url.rpartition(".")[2] for verdict in mesh.verdicts
    }


async def test_admin_shows_what_is_served(mesh: LiveMesh) -> None:
    """The admin interface names each secret with the certificate that the wire presents, and nothing waits."""
    admin = mesh.proxies[GATEWAY].process.admin
    secrets = await admin.secrets()
    assert {"default", "ROOTCA", "kubernetes://istio-system/httpbin-credential"} == set(secrets)
    gateway = secrets["kubernetes://istio-system/httpbin-credential"]
    assert not any(secret.warming or secret.problem for secret in secrets.values())
    assert await presented(mesh, "httpbin.example.com") == gateway.chain[0].serial
    assert secrets["default"].chain[0].sans == ("spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway",)
    assert {gateway.chain[0].serial, secrets["default"].chain[0].serial} <= await admin.serials()


async def test_a_teapot_answers_through_gateway_and_sidecar(mesh: LiveMesh) -> None:
    """HTTPS through the gateway reaches httpbin over mutual TLS, which is told who called."""
    assert (await ask(mesh.client(), "/status/418")).status == 418
    headers = json.loads((await ask(mesh.client(), "/headers")).body)["headers"]
    caller = headers["x-forwarded-client-cert"]
    assert "By=spiffe://cluster.local/ns/prod/sa/httpbin;" in caller
    assert caller.endswith("URI=spiffe://cluster.local/ns/istio-system/sa/istio-ingressgateway")


async def test_what_a_client_claims_to_be_is_removed(mesh: LiveMesh) -> None:
    """A forged x-forwarded-client-cert does not reach the application."""

    def forged() -> bytes:
        client = mesh.client()
        client.request("GET", "/headers", headers={"x-forwarded-client-cert": "URI=spiffe://cluster.local/ns/a/sa/b"})
        body = client.getresponse().read()
        client.close()
        return body

    assert b"/ns/a/sa/b" not in await asyncio.to_thread(forged)


async def test_http_is_sent_to_the_https_port(mesh: LiveMesh) -> None:
    """The plain port answers with a redirect to the port on which HTTPS really is."""

    def plain() -> tuple[int, str | None]:
        import http.client  # noqa: PLC0415

        client = http.client.HTTPConnection("127.0.0.1", mesh.ports[8080], timeout=5)
        client.request("GET", "/get?a=b", headers={"Host": f"httpbin.example.com:{mesh.ports[8080]}"})
        answer = client.getresponse()
        client.close()
        return answer.status, answer.getheader("location")

    location = f"https://httpbin.example.com:{mesh.ports[8443]}/get?a=b"
    assert (301, location) == await asyncio.to_thread(plain)


async def test_other_hosts_are_turned_away(mesh: LiveMesh) -> None:
    """A server name without certificate gets no handshake, and another Host on a good connection gets 404."""
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await ask(mesh.client("other.example.com"), "/")
    assert (await ask(mesh.client(), "/", "other.example.com")).status == 404


@pytest.mark.parametrize(
    "host",
    ["httpbin:8000", "httpbin", "httpbin.prod", "httpbin.prod.svc:8000", "httpbin.prod.svc.cluster.local:8000"],
)
async def test_a_sidecar_knows_services_by_all_their_names(mesh: LiveMesh, host: str) -> None:
    """From its own namespace httpbin is reached under every name, as sleep's identity."""
    answer = await outbound(mesh, host, "/headers")
    assert answer.status == 200
    assert (
        "URI=spiffe://cluster.local/ns/prod/sa/sleep" in json.loads(answer.body)["headers"]["x-forwarded-client-cert"]
    )


async def test_what_is_not_a_service_or_has_no_sidecar_is_not_reached(mesh: LiveMesh) -> None:
    """An unknown name is answered with 502 and the reason; a service without a sidecar behind it with 503."""
    unknown = await outbound(mesh, "elsewhere", "/")
    assert (unknown.status, unknown.body) == (502, b"There is no such service in the mesh.\n")
    assert (await outbound(mesh, "ratings:9080", "/")).status == 503


async def test_secure_naming_refuses_another_identity(mesh: LiveMesh) -> None:
    """When the workload behind a service should be someone else, the one that answers is not believed."""
    before = mesh.catalog
    deployment = dict(next(item for item in before if str(item.key) == "Deployment prod/httpbin").document)
    mesh.apply(json.dumps(deployment).replace('"serviceAccountName": "httpbin"', '"serviceAccountName": "other"'))

    async def refused() -> bool:
        answer = await ask(mesh.client(), "/status/200")
        return answer.status == 503 and b"connect error" in answer.body

    await until(refused)
    mesh.catalog = before
    mesh.publish()

    async def answered() -> bool:
        return (await ask(mesh.client(), "/status/418")).status == 418

    await until(answered)


async def test_a_route_changes_under_an_open_connection(mesh: LiveMesh) -> None:
    """A VirtualService that is applied decides the next request of a connection that stays open."""
    before = mesh.catalog
    client = mesh.client()
    assert (await ask(client, "/delay/1", keep=True)).status == 200
    mesh.apply(DELAYED)

    async def redirected() -> bool:
        answer = await ask(client, "/old", keep=True)
        return (answer.status, answer.headers.get("location", "")) == (
            302,
            f"https://httpbin.example.com:{mesh.ports[8443]}/new",
        )

    await until(redirected)
    assert (await ask(client, "/delay/1", keep=True)).status == 504
    client.close()
    mesh.catalog = before
    mesh.publish()


async def test_a_missing_secret_blocks_nobody_and_works_when_it_comes(mesh: LiveMesh) -> None:
    """A Gateway whose Secret is missing takes nothing from the others; with its Secret it works, on the same port."""
    before = mesh.catalog
    client = mesh.client()
    assert (await ask(client, "/status/418", keep=True)).status == 418
    mesh.apply(SECOND)
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await ask(mesh.client("second.example.com"), "/teapot")
    assert (await ask(mesh.client(), "/status/418")).status == 418
    mesh.apply(mesh.certificate("second-credential", ["second.example.com"]))

    async def answered() -> bool:
        try:
            return (await ask(mesh.client("second.example.com"), "/teapot")).status == 418
        except (ssl.SSLError, ConnectionError):
            return False

    await until(answered)
    assert (await ask(client, "/status/418", keep=True)).status == 418
    client.close()
    mesh.catalog = before
    mesh.publish()


async def test_a_rotated_secret_is_presented_without_dropping_a_connection(mesh: LiveMesh) -> None:
    """A new certificate is served to new connections, and an open one goes on."""
    client = mesh.client()
    assert (await ask(client, "/status/200", keep=True)).status == 200
    old = await presented(mesh, "httpbin.example.com")
    pids = {target: statuses[-1].pid for target, statuses in mesh.statuses.items()}
    mesh.apply(mesh.certificate("httpbin-credential", ["httpbin.example.com"]))

    async def changed() -> bool:
        return await presented(mesh, "httpbin.example.com") != old

    await until(changed)
    port = client.sock.getsockname()[1]
    assert (await ask(client, "/status/200", keep=True)).status == 200
    assert port == client.sock.getsockname()[1]
    client.close()
    assert pids == {target: statuses[-1].pid for target, statuses in mesh.statuses.items()}


async def test_a_key_that_does_not_fit_is_refused_and_the_old_pair_stays(mesh: LiveMesh) -> None:
    """Envoy says why it refuses a Secret with the wrong key, and goes on presenting the last good one."""
    before = mesh.catalog
    old = await presented(mesh, "httpbin.example.com")
    mesh.apply(mesh.certificate("httpbin-credential", ["httpbin.example.com"], key_of=mesh.leaf(["a.example.com"])))

    async def refused() -> bool:
        await presented(mesh, "httpbin.example.com")
        return any(isinstance(verdict, Rejected) for verdict in mesh.verdicts)

    await until(refused)
    (verdict,) = (verdict for verdict in mesh.verdicts if isinstance(verdict, Rejected))
    assert "KEY_VALUES_MISMATCH" in verdict.reason
    assert {"kubernetes://istio-system/httpbin-credential"} == set(verdict.versions)
    assert old == await presented(mesh, "httpbin.example.com")
    mesh.verdicts.clear()
    mesh.catalog = before
    mesh.publish()
