"""The part `telemetry`: what access logs cost at the gateway and in the mesh process, and what a slow reader does.

Requests come from one process, go through a real gateway and a real sidecar, and are answered by another; what is left
in this one is the reading of the logs.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2

from meshtui.backends.embedded.owner import clock
from meshtui.mesh.words import Words
from meshtui.telemetry.calls import Reported
from meshtui.telemetry.directory import Directory
from meshtui.telemetry.recorder import Recorder
from meshtui.telemetry.store import DenialStore
from meshtui.wire.discovery import LISTENER, Resource
from tests.bench.table import Row, percentile
from tests.telemetry.calling import denied
from tests.telemetry.told import ToldMesh
from tests.terminal import rss_megabytes
from tests.xds import live
from tests.xds.live import GATEWAY, HTTPBIN

HOST = "bench.example.com"
CONNECTIONS, REQUESTS, ROUNDS = 8, 8_000, 3
UNREAD = 15_000
"""Requests while nobody reads: many times what Envoy keeps for a reader."""
DENIALS = 100_000
EDGE = f"""
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: bench, namespace: prod}}
spec:
  selector: {{istio: ingressgateway}}
  servers: [{{port: {{number: 80, name: bench, protocol: HTTP}}, hosts: [{HOST}]}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: bench, namespace: prod}}
spec:
  hosts: [{HOST}]
  gateways: [bench]
  http: [{{route: [{{destination: {{host: httpbin}}}}]}}]
"""


def measure() -> list[Row]:
    """Name, figure reached, bound."""
    with tempfile.TemporaryDirectory(prefix="m-") as folder:
        return [*asyncio.run(_costs(Path(folder))), *asyncio.run(_unread(Path(folder))), *asyncio.run(_denials(folder))]


async def _costs(folder: Path) -> list[Row]:
    told = [await _loaded(folder / f"told-{number}", logs=True) for number in range(ROUNDS)]
    silent = [await _loaded(folder / f"silent-{number}", logs=False) for number in range(ROUNDS)]
    gateway, without = min(each["gateway"] for each in told), min(each["gateway"] for each in silent)
    reading, idle = min(each["here"] for each in told), min(each["here"] for each in silent)
    calls = told[0]["calls"] / REQUESTS
    return [
        ("CPU of the gateway's Envoy for a request, without access logs", f"{without:.0f} µs", "–"),
        ("the same with them", f"{gateway:.0f} µs (+{gateway - without:.0f} µs)", "–"),
        (
            f"CPU of the mesh process for a call told ({calls:.1f} for each request)",
            f"{(reading - idle) / calls:.1f} µs",
            "30 µs",
        ),
    ]


async def _loaded(folder: Path, *, logs: bool) -> dict[str, float]:
    """Microseconds of CPU for each request, at the gateway and in this process."""
    async with _mesh(folder, logs=logs) as mesh:
        await _asked(mesh, 500)
        told, gateway, here = mesh.recorded, _cpu(mesh), time.process_time()
        assert (await _asked(mesh, REQUESTS))["failed"] == 0
        if logs:
            async with asyncio.timeout(live.DEADLINE):
                await mesh.until(told + 2 * REQUESTS)
        here = time.process_time() - here
        return {
            "gateway": (_cpu(mesh) - gateway) / REQUESTS * 1e6,
            "here": here / REQUESTS * 1e6,
            "calls": mesh.recorded - told,
        }


async def _unread(folder: Path) -> list[Row]:
    """The same load twice: with a reader, and with one that has stopped reading."""
    found = {}
    for reads in (True, False):
        async with _mesh(folder / f"reads-{reads}", logs=True) as mesh:
            mesh.reads.set()
            await _asked(mesh, 2000)
            if not reads:
                mesh.reads.clear()
            pid = mesh.statuses[GATEWAY][-1].pid
            before = rss_megabytes(pid)
            result = await _asked(mesh, UNREAD)
            half = rss_megabytes(pid)
            more = await _asked(mesh, UNREAD)
            result["memory"] = before, half, rss_megabytes(pid)
            result["failed"] += more["failed"]
            result["dropped"] = await _dropped(mesh)
            mesh.reads.set()
            found[reads] = result
    fast, slow = found[True], found[False]
    p50, p99 = (f"{percentile(slow['samples'], share):.2f} ms" for share in (0.5, 0.99))
    was50, was99 = (f"{percentile(fast['samples'], share):.2f} ms" for share in (0.5, 0.99))
    memory = " → ".join(f"{each:.0f}" for each in slow["memory"])
    return [
        (f"{2 * UNREAD:,} requests while nobody reads the logs: failed", f"{slow['failed']}", "0"),
        (f"latency then, p50 and p99 (with a reader {was50}, {was99})", f"{p50}, {p99}", "the same"),
        (f"memory of the gateway's Envoy then, after {UNREAD:,} and {2 * UNREAD:,}", f"{memory} MB", "bounded"),
        ("calls that Envoy dropped instead (with a reader)", f"{slow['dropped']:,} ({fast['dropped']:,})", "–"),
    ]


async def _denials(folder: str) -> list[Row]:
    """A full store: written, and read with a filter."""
    store = DenialStore(Path(folder) / "telemetry.db", clock)
    here = time.process_time()
    for number in range(DENIALS):
        store.add(denied(at=clock(), path=f"/{number}"))
        if number % 5000 == 0:
            await store.read(Words.parse(""), limit=1)
    cost = (time.process_time() - here) / DENIALS * 1e6
    rows: list[Row] = [("CPU of keeping a denied call", f"{cost:.1f} µs", "–")]
    for what, text in (
        ("the newest 200", ""),
        ("200 by a word in all", "httpbin"),
        ("a word in one of them", "/77777"),
        ("a word in none", "nowhere"),
    ):
        samples = []
        for _ in range(10):
            begun = time.perf_counter()
            await store.read(Words.parse(text), limit=200)
            samples.append((time.perf_counter() - begun) * 1000)
        rows.append((f"{DENIALS:,} denied calls: {what}", f"{sorted(samples)[5]:.0f} ms", "200 ms"))
    await store.stop()
    return rows


class _Mesh(ToldMesh):
    """Whose logs are counted as in a real mesh, if they are read, and whose app is elsewhere."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir()
        super().__init__(directory)
        self.recorded = 0
        self._enough = asyncio.Event()
        self._wanted = 0
        self._directory: Directory | None = None
        self._recorder = Recorder(mock.Mock(spec=DenialStore), clock, time.monotonic, lambda: None)
        self._app = mock.AsyncMock()

    def who(self) -> Directory:
        """The same for all: it is made when manifests change, not for each message."""
        if self._directory is None:
            self._directory = super().who()
        return self._directory

    def hear(self, reported: Reported) -> None:
        """Record it."""
        self.recorded += 1
        self._recorder.record(reported)
        if self.recorded == self._wanted:
            self._enough.set()

    async def until(self, recorded: int) -> None:
        """Wait for so many calls."""
        self._wanted = recorded
        self._enough.clear()
        if self.recorded < recorded:
            await self._enough.wait()


@asynccontextmanager
async def _mesh(folder: Path, *, logs: bool) -> AsyncIterator[_Mesh]:
    mesh = _Mesh(folder)
    app = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.http_load", "answer", str(mesh.path("app", HTTPBIN))),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert app.stdin is not None
    assert app.stdout is not None
    await app.stdout.readline()
    with mock.patch.object(live, "world", live.world if logs else _silent):
        try:
            await mesh.start()
            mesh.apply(EDGE)
            async with asyncio.timeout(live.DEADLINE):
                while (await _asked(mesh, 1))["failed"]:
                    pass
            yield mesh
        finally:
            mesh.reads.set()
            await mesh.stop()
            app.stdin.close()
            await app.wait()


_WORLD = live.world


def _silent(*arguments: Any) -> Mapping[str, Mapping[str, Resource]]:
    """What proxies get, but for their access logs."""
    world = _WORLD(*arguments)
    for name, resource in world.get(LISTENER, {}).items():
        listener = type(resource.message)()
        listener.CopyFrom(resource.message)
        del listener.access_log[:]
        for each in (each for chain in listener.filter_chains for each in chain.filters):
            manager = http_connection_manager_pb2.HttpConnectionManager()
            each.typed_config.Unpack(manager)
            del manager.access_log[:]
            each.typed_config.Pack(manager)
        world[LISTENER][name] = Resource(f"{resource.version}-silent", listener)
    return world


async def _asked(mesh: _Mesh, requests: int) -> dict[str, Any]:
    arguments = (f"127.0.0.1:{mesh.ports[8080]}", HOST, "/get", str(CONNECTIONS), str(requests))
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.http_load", "ask", *arguments), stdout=asyncio.subprocess.PIPE
    )
    said, _ = await process.communicate()
    return dict(json.loads(said))


async def _dropped(mesh: _Mesh) -> int:
    answer = await mesh.proxies[GATEWAY].process.admin._get("/stats?filter=logs_dropped")
    return sum(int(line.rpartition(" ")[2]) for line in answer.body.decode().splitlines() if line)


def _cpu(mesh: _Mesh) -> float:
    """Seconds that the gateway's Envoy has worked."""
    fields = Path(f"/proc/{mesh.statuses[GATEWAY][-1].pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
