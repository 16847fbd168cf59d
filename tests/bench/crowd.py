"""The part `crowd`: ten thousand clients that come back at once, and what the owner of the CA notices of it.

The crowd is a process of its own (`reconnect`) and shares the two cores with the CA. The owner asks from here,
through its socket, so that a busy client is not taken for a busy CA.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import grpc.aio

from meshtui.wire.gateway_authority_pb2 import SignServerCertificateRequest
from meshtui.wire.gateway_authority_pb2_grpc import GatewayAuthorityStub
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from tests.bench.authority import BenchAuthority
from tests.bench.reconnect import Crowd, Outcome
from tests.bench.table import Row, percentile
from tests.terminal import cpu_seconds, rss_megabytes

CLIENTS = 10_000
SHARED = 200
"""Connections of the second crowd, for which handshakes cost next to nothing."""
BOUND = 30.0
"""Seconds in which everybody should be served."""
SPARE = 200
"""File descriptors that a process needs beside its connections."""
OWNER_EVERY = 0.1
"""Seconds between two calls of the owner."""


@dataclass(frozen=True)
class Storm:
    """What a crowd met with, and what it did to the CA."""

    clients: int
    crowd: Outcome
    owner: Sequence[float]
    """Milliseconds of each call of the owner meanwhile, sorted."""
    cpu: float
    """Seconds of processor time of the CA."""
    memory: tuple[float, float, float]
    """Resident 10^6 bytes of the CA: before, at most, and when the crowd has gone."""

    def rows(self, name: str) -> list[Row]:
        """For the table."""
        served = self.crowd.served
        in_time = sum(seconds <= BOUND for seconds in served)
        last = f"{served[-1]:.1f} s" if len(served) == self.clients else f"{self.clients - len(served)} never"
        tries = ", ".join(f"{count:,} {status}" for status, count in self.crowd.again.items()) or "nobody"
        ca, client = self.cpu / self.clients, self.crowd.cpu / self.clients
        before, most, after = self.memory
        return [
            (f"{name}: served within {BOUND:.0f} s", f"{in_time:,}", f"{self.clients:,}"),
            (f"{name}: the last, p99, p50", f"{last}, {_share(served, 0.99)}, {_share(served, 0.5)}", f"{BOUND:.0f} s"),
            (f"{name}: told to try again", tries, "-"),
            (f"{name}: the owner's slowest call of {len(self.owner)} meanwhile", f"{self.owner[-1]:.0f} ms", "-"),
            (f"{name}: processor time for each, CA + client", f"{ca * 1000:.1f} + {client * 1000:.1f} ms", "-"),
            (f"{name}: memory of the CA before, at most, after", f"{before:.0f}, {most:.0f}, {after:.0f} MB", "-"),
        ]


def measure() -> list[Row]:
    """A connection for each client; then the same crowd as agents of nodes, which share theirs."""
    rows: list[Row] = []
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    for name, connections in (
        (f"{CLIENTS:,} clients, a TLS connection each", CLIENTS),
        (f"{CLIENTS:,} clients over {SHARED} TLS connections", SHARED),
    ):
        if most < connections + SPARE:
            rows.append((name, f"not measured: `ulimit -Hn` is {most:,}", f"{BOUND:.0f} s"))
            continue
        with tempfile.TemporaryDirectory(prefix="meshtui-crowd-") as folder:
            rows += asyncio.run(storm(Path(folder), CLIENTS, connections)).rows(name)
    return rows


async def storm(folder: Path, clients: int, connections: int) -> Storm:
    """Let a crowd loose on a new CA. Raises what is no reason for a client to try again."""
    authority = BenchAuthority(folder)
    authority.start()
    crowd = Crowd(
        address=f"127.0.0.1:{authority.port}",
        root=authority.root.read_text(),
        message=IstioCertificateRequest(csr=authority.csr).SerializeToString().hex(),
        tokens=[authority.token(f"pod-{number}") for number in range(clients)],
        connections=connections,
    )
    before, used = rss_megabytes(authority.pid), cpu_seconds(authority.pid)
    samples: list[float] = []
    owner = asyncio.create_task(_own(authority, samples))
    outcome = await _outcome(crowd)
    owner.cancel()
    await asyncio.wait((owner,))
    assert owner.cancelled(), owner.exception()
    cpu = cpu_seconds(authority.pid) - used
    memory = before, _most_resident(authority.pid), rss_megabytes(authority.pid)
    authority.stop()
    return Storm(clients, outcome, sorted(samples), cpu, memory)


async def _outcome(crowd: Crowd) -> Outcome:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "tests.bench.reconnect"),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "GRPC_VERBOSITY": "ERROR"},  # it tells of every connection that is not made at once
    )
    told, _ = await process.communicate(json.dumps(asdict(crowd)).encode())
    assert process.returncode == 0
    return Outcome(**json.loads(told))


async def _own(authority: BenchAuthority, samples: list[float]) -> None:
    """Have a gateway's certificate signed again and again; every one must succeed."""
    asked = SignServerCertificateRequest(
        authority="example.com", csr=authority.csr, hosts=["a.example.com"], target="gateway/edge/a"
    )
    async with grpc.aio.insecure_channel(f"unix:{authority.socket}") as channel:
        stub = GatewayAuthorityStub(channel)
        while True:
            begun = time.perf_counter()
            await stub.SignServerCertificate(asked)
            took = time.perf_counter() - begun
            samples.append(took * 1000)
            await asyncio.sleep(max(OWNER_EVERY - took, 0.0))


def _share(served: Sequence[float], share: float) -> str:
    return f"{percentile(served, share):.1f} s" if served else "-"


def _most_resident(pid: int) -> float:
    """The most memory that a process ever had resident, in 10^6 bytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM")) * 1024 / 1e6
