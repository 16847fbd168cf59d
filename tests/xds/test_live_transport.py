"""How Envoys speak to each other under every mTLS mode, and what the pure rules said of it beforehand."""

from __future__ import annotations

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Manifest, ObjectKey, Service
from meshtui.manifest.policy_model import ClientTls, ClientTlsMode, MtlsMode
from meshtui.policy.client_tls import hop
from meshtui.wire.discovery import Rejected
from tests.policy.writing import DISABLE, MESH_WIDE, PERMISSIVE, STRICT, peer, rule
from tests.xds.live import GATEWAY, HTTPBIN, SLEEP, TRUST_DOMAIN, LiveMesh, Reply, Unix, ask, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

APP = {"app": "httpbin"}
HOST = "httpbin.prod.svc.cluster.local"
IDENTITY = "spiffe://cluster.local/ns/prod/sa/httpbin"
MUTUAL = ClientTlsMode.ISTIO_MUTUAL
NS_STRICT, NS_DISABLE = peer("ns", STRICT), peer("ns", DISABLE)
APP_DISABLE = peer("app", DISABLE, selector=APP)
NO_HANDSHAKE = "reset reason: remote connection failure"
NOT_BELIEVED = r"httpbin\.prod\..*fail_verify_san"
CUT = "reset reason: connection termination"


@pytest.fixture(scope="module")
def demo(mesh: LiveMesh) -> Catalog:
    """The manifests before any policy."""
    return mesh.catalog.remove(MESH_WIDE)


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def nothing_is_refused(mesh: LiveMesh) -> AsyncIterator[None]:
    """No Envoy refuses anything of what these tests tell it."""
    yield
    assert [verdict.reason for verdict in mesh.verdicts if isinstance(verdict, Rejected)] == []


class Connection:
    """An open connection to httpbin's sidecar."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader, self._writer = reader, writer

    async def get(self, path: str, *headers: str) -> Reply:
        """One GET. Raises ConnectionError when the connection is, or was, cut."""
        lines = (f"GET {path} HTTP/1.1", "Host: httpbin", *headers, "", "")
        self._writer.write("\r\n".join(lines).encode())
        async with asyncio.timeout(10):
            try:
                head = (await self._reader.readuntil(b"\r\n\r\n")).decode()
            except (asyncio.IncompleteReadError, ssl.SSLError) as error:
                raise ConnectionError("closed without an answer") from error
            status, *given = head.rstrip().split("\r\n")
            found = {name.lower(): value for name, _, value in (line.partition(": ") for line in given)}
            body = await self._reader.readexactly(int(found.get("content-length", "0")))
        return Reply(int(status.split()[1]), found, body)


@asynccontextmanager
async def connected(mesh: LiveMesh, certificate: Path | None = None, *, tls: bool = True) -> AsyncIterator[Connection]:
    """To httpbin's sidecar, by TLS with a certificate or without any, or in plaintext."""
    context = None
    if tls:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.load_verify_locations(cadata=mesh.root.pem)
        if certificate is not None:
            context.load_cert_chain(certificate)
    async with asyncio.timeout(10):
        reader, writer = await asyncio.open_unix_connection(
            mesh.path("in", HTTPBIN), ssl=context, server_hostname="x" if tls else None
        )
    try:
        yield Connection(reader, writer)
    finally:
        writer.transport.abort()


async def status(mesh: LiveMesh, certificate: Path | None = None, *, tls: bool = True) -> int:
    """Of one GET on a new connection; 0 when that comes to nothing."""
    try:
        async with connected(mesh, certificate, tls=tls) as connection:
            return (await connection.get("/status/200")).status
    except (ConnectionError, ssl.SSLError):
        return 0


async def counted(mesh: LiveMesh, target: str, stats: str) -> int:
    """The sum of those statistics of an Envoy whose names a pattern finds."""
    answer = await ask(Unix(mesh.path("admin", target), "admin"), f"/stats?filter={stats}&format=json")
    return sum(each["value"] for each in json.loads(answer.body)["stats"])


@pytest.mark.parametrize(("mode", "mutual", "plaintext"), [(STRICT, 200, 0), (PERMISSIVE, 200, 200), (DISABLE, 0, 200)])
async def test_each_mode_takes_what_it_says(
    mesh: LiveMesh, demo: Catalog, mode: MtlsMode, mutual: int, plaintext: int
) -> None:
    """Mutual TLS of the mesh, and plaintext; a caller without certificate or of another mesh is never let in by TLS."""
    await mesh.enforce(demo.apply((peer("mode", mode),)))
    _, insider = mesh.svid_file("sleep")
    _, outsider = mesh.svid_file("sleep", "cluster.local.evil")

    async def settled() -> bool:
        return (await status(mesh, insider), await status(mesh, tls=False)) == (mutual, plaintext)

    await until(settled)
    assert [mutual, 0, 0, plaintext] == [
        await status(mesh, insider),
        await status(mesh, None),
        await status(mesh, outsider),
        await status(mesh, tls=False),
    ]


async def test_plaintext_cannot_claim_an_identity(mesh: LiveMesh, demo: Catalog) -> None:
    """A forged x-forwarded-client-cert is removed where nothing is put in its place."""
    await mesh.enforce(demo)
    async with connected(mesh, tls=False) as connection:
        answer = await connection.get("/headers", f"x-forwarded-client-cert: URI={IDENTITY}")
    assert answer.status == 200
    assert "x-forwarded-client-cert" not in json.loads(answer.body)["headers"]
    _, insider = mesh.svid_file("sleep")
    async with connected(mesh, insider) as connection:
        answer = await connection.get("/headers", f"x-forwarded-client-cert: URI={IDENTITY}")
    assert json.loads(answer.body)["headers"]["x-forwarded-client-cert"].endswith("/ns/prod/sa/sleep")


async def test_a_move_to_strict_binds_open_connections(mesh: LiveMesh, demo: Catalog) -> None:
    """The next request in plaintext is answered with 403, not cut; mutual TLS goes on on the same connection."""
    await mesh.enforce(demo)
    before = await counted(mesh, HTTPBIN, "listener_in_place_updated")
    _, insider = mesh.svid_file("sleep")
    async with connected(mesh, tls=False) as plain, connected(mesh, insider) as mutual:
        assert [(await each.get("/status/200")).status for each in (plain, mutual)] == [200, 200]
        await mesh.enforce(demo.apply((NS_STRICT,)))
        answer = await plain.get("/status/200")
        while answer.status == 200:  # the rules are taken, and on their way to the thread that has the connection
            answer = await plain.get("/status/200")
        assert (answer.status, answer.body) == (403, b"RBAC: access denied")
        assert await status(mesh, tls=False) == 0
        await mesh.enforce(demo)

        async def welcome() -> bool:
            return await status(mesh, tls=False) == 200

        await until(welcome)
        assert (await mutual.get("/status/200")).status == 200
    # nothing drains that stays: in ten seconds the connection would not be cut either
    assert await counted(mesh, HTTPBIN, "listener_in_place_updated") >= before + 2


@dataclass(frozen=True)
class Case:
    """Policies, and for each caller what is wrong in Envoy's words; empty where the call is answered."""

    policies: tuple[Manifest, ...]
    sleep: str = ""
    gateway: str = ""
    plaintext: str = ""


def every(wrong: str, *policies: Manifest, plaintext: str = "") -> Case:
    """Both proxies have the same trouble."""
    return Case(policies, wrong, wrong, plaintext)


CASES = {
    "no policy": Case(()),
    "STRICT": Case((NS_STRICT,), plaintext="cut"),
    "STRICT of the mesh": Case((peer("mesh", STRICT, "istio-system"),), plaintext="cut"),
    "DISABLE of the namespace": Case((NS_DISABLE,)),
    "DISABLE of the workload": every(NO_HANDSHAKE, NS_STRICT, APP_DISABLE),
    "DISABLE of the port": every(NO_HANDSHAKE, peer("app", STRICT, selector=APP, ports={8080: DISABLE})),
    "DISABLE of the workload, with its rule": Case((NS_STRICT, APP_DISABLE, rule("r", HOST))),
    "STRICT of the workload alone": every(CUT, NS_DISABLE, peer("app", STRICT, selector=APP), plaintext="cut"),
    "a selector in the root namespace": Case((peer("root", STRICT, "istio-system", APP),)),
    "a rule against STRICT": every(CUT, NS_STRICT, rule("r", HOST), plaintext="cut"),
    "a rule for another port": Case(
        (NS_STRICT, rule("r", HOST, None, ports={1: ClientTls(mode=ClientTlsMode.DISABLE)})), plaintext="cut"
    ),
    "a rule for the port": every(
        CUT, NS_STRICT, rule("r", HOST, None, ports={8000: ClientTls(mode=ClientTlsMode.DISABLE)}), plaintext="cut"
    ),
    "a rule against DISABLE": every(NO_HANDSHAKE, NS_DISABLE, rule("r", HOST, MUTUAL)),
    "another name is wanted": every(NO_HANDSHAKE, rule("r", HOST, MUTUAL, names=("spiffe://x/y", "httpbin"))),
    "its name among those wanted": Case((rule("r", HOST, MUTUAL, names=("spiffe://x/y", IDENTITY)),)),
    "the client's own namespace": Case(
        (rule("r", HOST, MUTUAL), rule("r", "*.local", MUTUAL, namespace="istio-system", names=("spiffe://x/y",))),
        gateway=NO_HANDSHAKE,
    ),
}


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
async def test_envoy_does_what_was_said(mesh: LiveMesh, demo: Catalog, case: Case) -> None:
    """A hop of which nothing was said works, and one with a problem does not, for sidecar, gateway and stranger."""
    await mesh.enforce(demo.apply(case.policies))
    said = {source: _said(mesh.catalog, source) for source in (SLEEP, GATEWAY, "")}
    expected = {SLEEP: case.sleep, GATEWAY: case.gateway, "": case.plaintext}
    assert {source: bool(words) for source, words in expected.items()} == {k: bool(v) for k, v in said.items()}

    async def as_expected() -> bool:
        return await _seen(mesh, expected) == expected

    try:
        await until(as_expected)
    except TimeoutError:
        assert await _seen(mesh, expected) == expected
    assert [await as_expected() for _ in range(3)] == [True] * 3


def _said(catalog: Catalog, source: str) -> str:
    service = catalog.get(ObjectKey(Service.kind, "prod", "httpbin"))
    destination = catalog.workload(HTTPBIN)
    assert isinstance(service, Service)
    assert destination is not None
    caller = catalog.workload(source) if source else None
    return hop(
        catalog, source=caller, service=service, port=8000, destination=destination, trust_domain=TRUST_DOMAIN
    ).problem


async def _seen(mesh: LiveMesh, expected: dict[str, str]) -> dict[str, str]:
    """The same as `expected` where Envoy does that; else its words."""
    answers = {
        SLEEP: await ask(Unix(mesh.path("out", SLEEP), "httpbin:8000"), "/status/200", "httpbin:8000"),
        GATEWAY: await ask(mesh.client(), "/status/200"),
    }
    found = {source: "" if answer.status == 200 else answer.body.decode() for source, answer in answers.items()}
    found[""] = "cut" if await status(mesh, tls=False) == 0 else ""
    wrong = {source: words for source, words in found.items() if words}
    return {s: expected[s] if expected[s] and expected[s] in wrong.get(s, "") else wrong.get(s, "") for s in expected}


async def test_secure_naming_counts_who_was_not_believed(mesh: LiveMesh, demo: Catalog) -> None:
    """A name that the workload does not have: the client's Envoy gives up in the handshake, for that very reason."""
    await mesh.enforce(demo.apply((rule("r", HOST, MUTUAL, names=("spiffe://x/y",)),)))
    before = await counted(mesh, SLEEP, NOT_BELIEVED)

    async def refused() -> bool:
        answer = await ask(Unix(mesh.path("out", SLEEP), "httpbin:8000"), "/status/200", "httpbin:8000")
        return answer.status == 503

    await until(refused)
    assert await counted(mesh, SLEEP, NOT_BELIEVED) > before
