"""The part `mesh`: start, rotation, console and memory of an embedded mesh on this machine."""

from __future__ import annotations

import asyncio
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from meshtui.connect import attach
from meshtui.mesh.actions import Rotate
from tests.bench.table import Row
from tests.terminal import Terminal, rss_megabytes

MESHTUI = str(Path(sys.executable).with_name("meshtui"))
ROUNDS = 100
STARTS = 5


def measure() -> list[Row]:
    """Name, figure reached, bound."""
    rows: list[Row] = []
    rows.append(("`meshtui --version`", _ms(min(_version() for _ in range(10))), "120 ms"))
    with tempfile.TemporaryDirectory(prefix="meshtui-bench-") as folder:
        starts = [_first_start(Path(folder) / f"start-{number}") for number in range(STARTS)]
        rows.append(("`meshtui serve` ready, first start, three Envoys", _s(_median(starts)), "4 s"))
        state = Path(folder) / "state"
        with serving(state) as owner:
            for target in ("workload/prod/httpbin", "gateway/istio-system/httpbin-credential"):
                p50, p95 = asyncio.run(_rotations(state, target))
                rows.append(
                    (f"rotation accepted → served, p95 (p50 {p50:.0f} ms), {target}", _ms(p95 / 1000), "250 ms")
                )
            rows += _console(state)
            rows.append(("resident memory of `meshtui serve`", _mb(owner), "110 MB"))
            rows.append(("resident memory of the CA process", _mb(_child(owner, b"meshtui.ca")), "70 MB"))
    return rows


def _version() -> float:
    begun = time.perf_counter()
    subprocess.run([MESHTUI, "--version"], check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - begun


@contextmanager
def serving(state: Path) -> Iterator[int]:
    """An embedded mesh of the demo manifests, on free ports; yields its process id."""
    command = [MESHTUI, "serve", "--state", str(state), "--ca-port", "0", "--gateway-port", "0"]
    owner = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert owner.stdout is not None
    assert json.loads(owner.stdout.readline())["ready"]
    try:
        yield owner.pid
    finally:
        owner.send_signal(signal.SIGTERM)
        owner.wait()
        owner.stdout.close()


def _first_start(state: Path) -> float:
    begun = time.perf_counter()
    with serving(state):
        return time.perf_counter() - begun


async def _rotations(state: Path, target: str) -> tuple[float, float]:
    """Milliseconds from the acceptance of a rotation to the handshake that presents the new serial: p50 and p95."""
    mesh = await attach(state)
    samples = []
    for _ in range(ROUNDS):
        plan = await mesh.plan(Rotate(targets=(target,)))
        begun = time.perf_counter()
        last: Any = None
        async for progress in mesh.perform(plan.id):
            last = progress
        assert last.served, last
        samples.append((time.perf_counter() - begun) * 1000)
    await mesh.close()
    samples.sort()
    return samples[ROUNDS // 2], samples[int(ROUNDS * 0.95)]


def _console(state: Path) -> list[Row]:
    paints, rows = [], []
    for _ in range(STARTS):
        terminal = Terminal([MESHTUI, "--state", str(state)])
        paints.append(terminal.until("meshtui"))
        rows.append(terminal.until("workload/prod/httpbin"))
        terminal.close()
    terminal = Terminal([MESHTUI, "--state", str(state)])
    terminal.until("workload/prod/httpbin")
    terminal.idle(3)
    bytes_per_second, cpu = terminal.idle(20)
    memory = rss_megabytes(terminal.pid)
    terminal.close()
    return [
        ("first paint of `meshtui`", _s(_median(paints)), "0.5 s"),
        ("rows of a running mesh in `meshtui`", _s(_median(rows)), "1 s"),
        ("idle console, bytes to the terminal", f"{bytes_per_second:.0f} /s", "200 /s"),
        ("idle console, CPU", f"{cpu:.1f} %", "2 %"),
        ("resident memory of the console", f"{memory:.0f} MB", "90 MB"),
    ]


def _child(owner: int, name: bytes) -> int:
    children = Path(f"/proc/{owner}/task/{owner}/children").read_text().split()
    return next(int(pid) for pid in children if name in Path(f"/proc/{pid}/cmdline").read_bytes())


def _median(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _s(seconds: float) -> str:
    return f"{seconds:.2f} s"


def _mb(pid: int) -> str:
    return f"{rss_megabytes(pid):.0f} MB"
