"""The part `gateway`: a gateway's certificate rotated again and again while clients ask through it.

The clients are a process of its own (`gateway_client`): some keep their connections, one makes a new one each time.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from meshtui.connect import attach
from meshtui.mesh.actions import Rotate
from tests.bench.mesh import serving
from tests.bench.table import Row, percentile

TARGET = "gateway/istio-system/httpbin-credential"
ROTATIONS = 100


def measure() -> list[Row]:
    """Name, figure reached, bound."""
    with tempfile.TemporaryDirectory(prefix="meshtui-gateway-") as folder:
        state = Path(folder) / "state"
        with serving(state):
            return asyncio.run(_rotated(state))


async def _rotated(state: Path) -> list[Row]:
    mesh = await attach(state)
    snapshot = await mesh.snapshot()
    root = next(each.ca_root for each in snapshot.gateways if each.target == TARGET)
    command = [sys.executable, "-m", "tests.bench.gateway_client", snapshot.info.endpoints.gateway_https, root]
    samples: list[float] = []
    with _clients(command) as load:
        try:
            await asyncio.to_thread(_line, load)
            for _ in range(ROTATIONS):
                plan = await mesh.plan(Rotate(targets=(TARGET,)))
                begun = time.perf_counter()
                async for progress in mesh.perform(plan.id):
                    assert not progress.error, progress.error
                    served = progress.served
                assert served
                samples.append((time.perf_counter() - begun) * 1000)
            assert load.stdin is not None
            load.stdin.close()
            done = await asyncio.to_thread(_line, load)
        finally:
            load.kill()
    await mesh.close()
    samples.sort()
    requests = f"{done['requests']:,}, {done['failed']}"
    return [
        (
            f"a gateway's certificate rotated {ROTATIONS} times under load: accepted → served, p95"
            f" (p50 {percentile(samples, 0.5):.0f} ms)",
            f"{percentile(samples, 0.95):.0f} ms",
            "250 ms",
        ),
        (
            f"requests meanwhile, of them failed (over {done['certificates']} certificates)",
            requests,
            "0",
        ),
    ]


def _clients(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _line(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout is not None
    answer: dict[str, Any] = json.loads(process.stdout.readline())
    return answer
