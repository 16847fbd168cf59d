"""The part `agents`: ten thousand agents in one process, each with a key and a token of its own, against one CA.

`python -m tests.bench.agents` is that process: it reads what to do as JSON and prints what it saw.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from meshtui.agent.ca_client import CaClient
from meshtui.agent.schedule import AT_ONCE, Schedule
from meshtui.agent.secrets import SecretManager
from meshtui.errors import MeshError
from meshtui.identity.keys import PrivateKey
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid
from tests.bench.authority import BenchAuthority
from tests.bench.table import Row
from tests.terminal import cpu_seconds, rss_megabytes

AGENTS = 10_000
STEADY = 10.0
"""Seconds of doing nothing, in which processor time is counted."""
TICK = 0.005


def measure() -> list[Row]:
    """Everything, in one run."""
    with tempfile.TemporaryDirectory(prefix="meshtui-agents-") as folder:
        authority = BenchAuthority(Path(folder))
        authority.start()
        tokens = [authority.token(f"agent-{number}") for number in range(AGENTS)]
        task = {"address": f"127.0.0.1:{authority.port}", "root": authority.root.read_text(), "tokens": tokens}
        command = [sys.executable, "-m", "tests.bench.agents"]
        done = subprocess.run(command, input=json.dumps(task), stdout=subprocess.PIPE, text=True, check=True)
        told = json.loads(done.stdout)
        authority.stop()
    return [
        (f"{AGENTS:,} agents get their first certificates", f"{told['first']:.1f} s", "15 s"),
        (f"{AGENTS:,} agents are all rotated", f"{told['rotated']:.1f} s", "15 s"),
        ("attempts that failed", f"{told['failures']}", "0"),
        ("the event loop was blocked for at most", f"{told['blocked'] * 1000:.0f} ms", "100 ms"),
        ("resident memory of the agents' process", f"{told['memory']:.0f} MB", "350 MB"),
        ("processor of the agents with nothing due", f"{told['steady']:.1%}", "1 %"),
    ]


class _Fleet:
    """Agents on one connection and one schedule."""

    def __init__(self, task: dict[str, Any]) -> None:
        self._client = CaClient(task["address"], task["root"].encode(), _clock)
        self._identity = SpiffeId.parse("spiffe://cluster.local/ns/prod/sa/httpbin")
        self.schedule = Schedule(_clock)
        self._changed = asyncio.Event()
        self.managers = [
            SecretManager(self._fetch(token), share=0.5, clock=_clock, on_change=self._changed.set)
            for token in task["tokens"]
        ]

    def _fetch(self, token: str) -> Any:
        async def fetch(key: PrivateKey) -> Svid:
            return await self._client.fetch_svid(key, self._identity, token, None)

        return fetch

    async def until(self, condition: Callable[[SecretManager], bool]) -> float:
        """Seconds until it is true of all."""
        begun, waiting = time.perf_counter(), list(self.managers)
        while waiting := [manager for manager in waiting if not condition(manager)]:
            self._changed.clear()
            await self._changed.wait()
            await asyncio.sleep(0.1)
        return time.perf_counter() - begun

    async def rotate_all(self) -> float:
        """Seconds to replace every certificate, as many at once as the schedule allows itself."""
        begun, managers = time.perf_counter(), iter(self.managers)

        async def rotate() -> None:
            for manager in managers:
                with contextlib.suppress(MeshError):
                    await manager.rotate()

        await asyncio.gather(*(rotate() for _ in range(AT_ONCE)))
        return time.perf_counter() - begun

    async def close(self) -> None:
        """Drop the connection."""
        await self._client.close()


class _Lateness:
    """How late a timer of the event loop came at most."""

    def __init__(self) -> None:
        self.worst = 0.0
        self._task = asyncio.create_task(self._watch())

    def stop(self) -> None:
        """Look no longer."""
        self._task.cancel()

    async def _watch(self) -> None:
        while True:
            begun = time.perf_counter()
            await asyncio.sleep(TICK)
            self.worst = max(self.worst, time.perf_counter() - begun - TICK)


async def _run(task: dict[str, Any]) -> dict[str, float]:
    fleet, pid = _Fleet(task), os.getpid()
    for manager in fleet.managers:
        fleet.schedule.add(manager)
    lateness = _Lateness()
    running = asyncio.create_task(fleet.schedule.run())
    first = await fleet.until(lambda manager: manager.count > 0)
    rotated = await fleet.rotate_all()
    lateness.stop()
    before = cpu_seconds(pid)
    await asyncio.sleep(STEADY)
    told = {
        "first": first,
        "rotated": rotated,
        "failures": float(sum(manager.failures for manager in fleet.managers)),
        "blocked": lateness.worst,
        "memory": rss_megabytes(pid),
        "steady": (cpu_seconds(pid) - before) / STEADY,
    }
    running.cancel()
    await fleet.close()
    return told


def _clock() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_run(json.loads(sys.stdin.read())))))
