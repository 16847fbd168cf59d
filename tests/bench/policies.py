"""The part `policies`: from the acceptance of a manifest to the first answer that is another because of it.

A client in this process asks without a pause, on one connection or on a new one each time; what is applied goes over
the operator socket, as `meshtui apply` sends it.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from meshtui.connect import attach
from meshtui.envoy.http import get
from meshtui.mesh.actions import Apply
from meshtui.mesh.interface import Mesh
from meshtui.settings import StatePaths
from tests.bench.mesh import serving
from tests.bench.table import Row, percentile

ROUNDS = 100
CROWD = 300
"""Services that are added in the end, each a cluster and nine names in every sidecar."""
CROWDED = f", among {CROWD} services more"
HTTPBIN, SLEEP = "workload/prod/httpbin", "workload/prod/sleep"
LISTENERS, ECDS = "150 ms", "50 ms"
CONNECTIONS = ("upstream_cx_destroy", "upstream_cx_connect_fail", "upstream_rq_5xx")
"""Of the client's Envoy: connections that ended, or came to nothing, and requests without an answer."""

Seen = Callable[[], Awaitable[bool]]


def measure() -> list[Row]:
    """Name, figure reached, bound."""
    with tempfile.TemporaryDirectory(prefix="meshtui-policies-") as folder:
        state = Path(folder) / "state"
        with serving(state):
            return asyncio.run(_figures(state))


async def _figures(state: Path) -> list[Row]:
    mesh = await attach(state)
    paths = StatePaths(state)
    try:
        rows = [
            *await _modes(mesh, paths),
            await _routes(mesh, paths),
            await _clusters(mesh, paths),
        ]
        await changed(
            mesh, {"apiVersion": "v1", "kind": "List", "items": [_service(each) for each in range(CROWD)]}, _always
        )
        return [
            *rows,
            await _routes(mesh, paths, CROWDED),
            await _clusters(mesh, paths, CROWDED),
            await _news(mesh, paths),
        ]
    finally:
        await mesh.close()


class Client:
    """One connection over a Unix socket, made anew where it was closed."""

    def __init__(self, socket: Path, host: str) -> None:
        self._socket, self._host = socket, host
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def get(self, path: str) -> tuple[int, bytes]:
        """Status and body; 0 when there is no answer."""
        try:
            if self._streams is None:
                self._streams = await asyncio.open_unix_connection(self._socket)
            reader, writer = self._streams
            writer.write(f"GET {path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n".encode())
            head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
            length = head.partition("content-length: ")[2].partition("\r\n")[0]
            body = await reader.readexactly(int(length or 0))
            if "connection: close" in head:
                self.close()
            return int(head.split()[1]), body
        except (OSError, asyncio.IncompleteReadError):
            self.close()
            return 0, b""

    async def anew(self, path: str) -> int:
        """The status of a request on a new connection."""
        self.close()
        status, _ = await self.get(path)
        self.close()
        return status

    def close(self) -> None:
        """End the connection."""
        if self._streams is not None:
            self._streams[1].transport.abort()
            self._streams = None


async def changed(mesh: Mesh, document: dict[str, Any], seen: Seen) -> float:
    """Milliseconds from the acceptance of a manifest until `seen` first is true."""
    plan = await mesh.plan(Apply(text=json.dumps(document)))

    async def perform() -> None:
        async for progress in mesh.perform(plan.id):
            assert not progress.error, progress.error

    begun = time.perf_counter()
    performing = asyncio.create_task(perform())
    while not await seen():
        await asyncio.sleep(0)
        assert time.perf_counter() - begun < 15, f"no other answer by {document}"
    taken = (time.perf_counter() - begun) * 1000
    await performing
    return taken


def figure(name: str, samples: list[float], bound: str) -> Row:
    """A row of the p95 of these milliseconds."""
    samples.sort()
    p50, worst = percentile(samples, 0.5), samples[-1]
    return f"{name}, p95 (p50 {p50:.0f} ms, worst {worst:.0f} ms)", f"{percentile(samples, 0.95):.0f} ms", bound


def document(kind: str, name: str, namespace: str, **spec: Any) -> dict[str, Any]:
    """An object of Istio's."""
    group = "security" if kind.endswith("Authentication") or kind == "AuthorizationPolicy" else "networking"
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": f"{group}.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


async def _modes(mesh: Mesh, paths: StatePaths) -> list[Row]:
    """PERMISSIVE and STRICT in turn, while sleep calls httpbin on one connection."""
    kept, fresh = (Client(paths.socket("in", HTTPBIN), "httpbin") for _ in range(2))
    mutual = Client(paths.socket("out", SLEEP), "httpbin:8000")
    refused, closed, opened = [], [], []

    async def told() -> bool:
        return (await kept.get("/status/200"))[0] == 403

    async def shut() -> bool:
        return await fresh.anew("/status/200") == 0

    async def open_again() -> bool:
        return await fresh.anew("/status/200") == 200

    await changed(mesh, _mode("PERMISSIVE"), open_again)
    assert (await mutual.get("/status/200"))[0] == 200
    before, calls, failed, over = await connections_ended(paths), 0, 0, asyncio.Event()

    async def call() -> None:
        nonlocal calls, failed
        while not over.is_set():
            calls += 1
            failed += (await mutual.get("/status/200"))[0] != 200
            await asyncio.sleep(0.01)

    calling = asyncio.create_task(call())
    for _ in range(ROUNDS):
        assert (await kept.get("/status/200"))[0] == 200
        refused.append(await changed(mesh, _mode("STRICT"), told))
        opened.append(await changed(mesh, _mode("PERMISSIVE"), open_again))
        closed.append(await changed(mesh, _mode("STRICT"), shut))
        await changed(mesh, _mode("PERMISSIVE"), open_again)
        kept.close()
    over.set()
    await calling
    ended = await connections_ended(paths) - before
    for client in (kept, fresh, mutual):
        client.close()
    return [
        figure("PERMISSIVE → STRICT applied → 403 on an open plaintext connection", refused, ECDS),
        figure("the same → a new plaintext connection is refused (listener)", closed, LISTENERS),
        figure("STRICT → PERMISSIVE applied → plaintext is answered (listener)", opened, LISTENERS),
        (
            f"mTLS calls meanwhile ({4 * ROUNDS} changes), failed, connections cut",
            f"{calls:,}, {failed}, {ended}",
            "0, 0",
        ),
    ]


async def _routes(mesh: Mesh, paths: StatePaths, more: str = "") -> Row:
    client = Client(paths.socket("out", SLEEP), "httpbin:8000")
    samples = []
    for number in range(ROUNDS):
        wanted = 201 + number % 2

        async def seen(wanted: int = wanted) -> bool:
            return (await client.get("/"))[0] == wanted

        route = {"rewrite": {"uri": f"/status/{wanted}"}, "route": [{"destination": {"host": "httpbin"}}]}
        routes = document("VirtualService", "bench", "prod", hosts=["httpbin"], http=[route])
        samples.append(await changed(mesh, routes, seen))
    client.close()
    return figure(f"a VirtualService applied → the route answers (routes){more}", samples, LISTENERS)


async def _clusters(mesh: Mesh, paths: StatePaths, more: str = "") -> Row:
    """What the application is told of its caller says whether the call came by mTLS."""
    client = Client(paths.socket("out", SLEEP), "httpbin:8000")
    back = [{"route": [{"destination": {"host": "httpbin"}}]}]
    await changed(mesh, document("VirtualService", "bench", "prod", hosts=["httpbin"], http=back), _always)
    samples = []
    for number in range(ROUNDS):
        mutual = bool(number % 2)

        async def seen(mutual: bool = mutual) -> bool:
            status, body = await client.get("/headers")
            return status == 200 and (b"URI=spiffe://" in body) is mutual

        mode = "ISTIO_MUTUAL" if mutual else "DISABLE"
        host = "httpbin.prod.svc.cluster.local"
        rule = document("DestinationRule", "bench", "prod", host=host, trafficPolicy={"tls": {"mode": mode}})
        samples.append(await changed(mesh, rule, seen))
    client.close()
    return figure(f"a DestinationRule applied → calls go by it (clusters){more}", samples, LISTENERS)


async def _news(mesh: Mesh, paths: StatePaths) -> Row:
    """A new service is a cluster and routes more: all clusters and all routes are sent again."""
    samples = []
    for number in range(CROWD, CROWD + ROUNDS // 4):
        client = Client(paths.socket("out", SLEEP), f"crowd-{number}")

        async def seen(client: Client = client) -> bool:
            return (await client.get("/status/200"))[0] == 200

        samples.append(await changed(mesh, _service(number), seen))
        client.close()
    return figure(f"a Service applied → it is called (clusters and routes){CROWDED}", samples, LISTENERS)


def _service(number: int) -> dict[str, Any]:
    """One more name for httpbin."""
    spec = {"selector": {"app": "httpbin"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}]}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": f"crowd-{number}", "namespace": "prod"},
        "spec": spec,
    }


async def _always() -> bool:
    return True


def _mode(mode: str) -> dict[str, Any]:
    return document("PeerAuthentication", "default", "istio-system", mtls={"mode": mode})


async def connections_ended(paths: StatePaths) -> int:
    """Connections of sleep's Envoy to httpbin that are over, or came to nothing."""
    answer = await get(paths.socket("admin", SLEEP), "/stats?filter=httpbin&format=json")
    stats = [each for each in json.loads(answer.body)["stats"] if "name" in each]
    assert any(each["name"].endswith("upstream_cx_total") for each in stats)
    return sum(int(each["value"]) for each in stats if each["name"].endswith(CONNECTIONS))
