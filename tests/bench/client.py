"""Clients in a process of their own: `python -m tests.bench.client` reads what to do as JSON and prints what it saw.

Sends requests that were made before, over TLS, so that what is measured is the server as far as that is possible
with a client in Python on the same two cores.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

import grpc
import grpc.aio

from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from tests.bench.authority import BenchAuthority

METHOD = "/istio.v1.auth.IstioCertificateService/CreateCertificate"
DEADLINE = 30.0


def run(authority: BenchAuthority, *, requests: int, in_flight: int, tokens: Sequence[str]) -> dict[str, Any]:
    """Let a process ask `requests` times with `in_flight` at once, tokens in turn; `seconds` and sorted `samples`."""
    return start(
        {
            "address": f"127.0.0.1:{authority.port}",
            "root": authority.root.read_text(),
            "method": METHOD,
            "message": IstioCertificateRequest(csr=authority.csr).SerializeToString().hex(),
            "tokens": list(tokens),
            "requests": requests,
            "in_flight": in_flight,
        }
    )


def start(task: dict[str, Any]) -> dict[str, Any]:
    """Run one task in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.client"]
    done = subprocess.run(command, input=json.dumps(task), stdout=subprocess.PIPE, text=True, check=True)
    return dict(json.loads(done.stdout))


async def _ask(task: dict[str, Any]) -> dict[str, Any]:
    credentials = grpc.ssl_channel_credentials(task["root"].encode())
    message, samples = bytes.fromhex(task["message"]), list[float]()
    numbers: Iterator[int] = iter(range(task["requests"]))
    headers = [(("authorization", f"Bearer {token}"),) for token in task["tokens"]]
    async with grpc.aio.secure_channel(task["address"], credentials) as channel:
        call: Any = channel.unary_unary(task["method"], None, None)
        for _ in range(20):
            await call(message, metadata=headers[0], timeout=DEADLINE)

        async def worker() -> None:
            for number in numbers:
                begun = time.perf_counter()
                await call(message, metadata=headers[number % len(headers)], timeout=DEADLINE)
                samples.append((time.perf_counter() - begun) * 1000)

        begun = time.perf_counter()
        await asyncio.gather(*(worker() for _ in range(task["in_flight"])))
        return {"seconds": time.perf_counter() - begun, "samples": sorted(samples)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(_ask(json.loads(sys.stdin.read())))))
