"""The part `sds`: how fast a rotation reaches a real Envoy that is kept busy, and a thousand streams."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meshtui.agent.sds_service import register_sds, secrets_of
from meshtui.wire.streams import DiscoveryServer, Distributor
from tests.agent.tls_proxy import Authority, TlsProxy
from tests.bench.table import Row, percentile
from tests.terminal import rss_megabytes

ROTATIONS = 100
STREAMS = 1000
PUSHES = 10
DEADLINE = 60.0


def measure() -> list[Row]:
    """Name, figure reached, bound."""
    with tempfile.TemporaryDirectory(prefix="meshtui-sds-") as folder:
        rows = asyncio.run(_envoy(Path(folder)))
    with tempfile.TemporaryDirectory(prefix="meshtui-sds-") as folder:
        return rows + asyncio.run(_streams(Path(folder)))


async def _envoy(folder: Path) -> list[Row]:
    authority = Authority()
    client = authority.client(folder)
    (folder / "root.pem").write_bytes(authority.roots)
    proxy = TlsProxy(folder, {"one": ["default"]})
    proxy.agent.serve(default=authority.svid(), ROOTCA=authority.roots)
    await proxy.start()
    try:
        await proxy.ready()
        acknowledged, presented = [], []
        with _client("load", folder) as load:
            await asyncio.to_thread(_line, load)
            for _ in range(ROTATIONS):
                svid = authority.svid()
                begun = time.perf_counter()
                proxy.agent.serve(default=svid)
                await proxy.agent.accepted(svid.facts.serial)
                acknowledged.append((time.perf_counter() - begun) * 1000)
                assert await proxy.presented(client) == svid.facts.serial
                presented.append((time.perf_counter() - begun) * 1000)
                proxy.agent.verdicts.clear()
            done = await asyncio.to_thread(_told, load, "stop")
        acknowledged.sort()
        presented.sort()
    finally:
        await proxy.stop()
    what = f"one Envoy, {ROTATIONS} rotations under load, published →"
    return [
        (f"{what} ACK, p50", f"{percentile(acknowledged, 0.5):.1f} ms", "10 ms"),
        (f"{what} ACK, p99", f"{percentile(acknowledged, 0.99):.1f} ms", "50 ms"),
        (f"{what} answer on a new connection that presents it, p99", f"{percentile(presented, 0.99):.1f} ms", "-"),
        (f"requests meanwhile, of them failed ({done['handshakes']} handshakes)", _of(done), "0"),
    ]


async def _streams(folder: Path) -> list[Row]:
    authority, heard, all_of_them = Authority(), [0], asyncio.Event()

    def hear(_: object) -> None:
        heard[0] += 1
        if heard[0] % STREAMS == 0:
            all_of_them.set()

    server = DiscoveryServer(folder / "sds", register_sds, Distributor(hear, lambda _: None))
    server.publish(secrets_of(authority.svid()))
    await server.start()
    before, samples = rss_megabytes(os.getpid()), []
    with _client("streams", folder) as clients:
        async with asyncio.timeout(DEADLINE):
            await all_of_them.wait()
        memory = rss_megabytes(os.getpid()) - before
        for _ in range(PUSHES):
            all_of_them.clear()
            secrets = secrets_of(authority.svid())
            begun = time.perf_counter()
            server.publish(secrets)
            async with asyncio.timeout(DEADLINE):
                await all_of_them.wait()
            samples.append(time.perf_counter() - begun)
        await asyncio.to_thread(_told, clients, "stop")
    await server.stop()
    samples.sort()
    pushed = f"{percentile(samples, 0.5):.2f} s ({samples[-1]:.2f} s)"
    return [
        (f"one secret to {STREAMS} streams on as many connections, published → last ACK (slowest)", pushed, "1 s"),
        ("memory of a stream and its connection", f"{memory / STREAMS * 1000:.0f} kB", "-"),
    ]


@contextmanager
def _client(task: str, folder: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "tests.bench.sds_client", task, str(folder), str(STREAMS)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def _told(process: subprocess.Popen[str], word: str) -> dict[str, Any]:
    assert process.stdin is not None
    process.stdin.write(f"{word}\n")
    process.stdin.flush()
    return _line(process)


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer


def _of(done: dict[str, Any]) -> str:
    return f"{done['requests']}, {done['failed']}"
