"""A crowd of clients that come back at once: `python -m tests.bench.reconnect` reads what to do as JSON, tells as JSON.

Each has a token of its own, asks without a deadline, as Istio's agents do, and tries again after the statuses that
they try again after. Connections are opened by the first call over them and kept until all are served, as agents
keep theirs.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import resource
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from typing import Any

import grpc
import grpc.aio

from meshtui.agent.status import AGAIN, CHANNEL
from tests.bench.client import METHOD

PATIENCE = 90.0
"""Seconds after which the crowd is given up."""
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 8.0
"""Seconds that a client waits at most after its first failure, doubled with each further one, and after any."""
_OWN = [*CHANNEL, ("grpc.use_local_subchannel_pool", 1)]
"""Or channels to one address would share one connection."""


@dataclass(frozen=True, kw_only=True)
class Crowd:
    """Who comes back, and where to."""

    address: str
    root: str
    """PEM of what verifies the server."""
    message: str
    """The request of all of them, as it goes over the wire, in hexadecimal."""
    tokens: Sequence[str]
    """One for each client."""
    connections: int
    """That they share; as many as tokens for one each."""


@dataclass
class Outcome:
    """What became of them."""

    served: list[float] = field(default_factory=list)
    """Seconds from the start until each client had its certificates, in the order in which they got them."""
    again: dict[str, int] = field(default_factory=dict)
    """How often a client had to try again, by gRPC status."""
    cpu: float = 0.0
    """Seconds of processor time that it took them."""


def pause(failures: int, roll: float) -> float:
    """Seconds until the next attempt after `failures` (≥ 1) in a row: backoff with full jitter, `roll` in [0, 1)."""
    return float(min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)) * roll


async def come_back(crowd: Crowd, when_refused: Callable[[], object] = bool) -> Outcome:
    """Let all ask at once, until each is served or PATIENCE ends; raises what is no reason to try again.

    `when_refused` is called each time that a client must try again.
    """
    credentials, message = grpc.ssl_channel_credentials(crowd.root.encode()), bytes.fromhex(crowd.message)
    outcome = Outcome()
    async with AsyncExitStack() as open_channels:
        calls: list[Any] = []
        for _ in range(crowd.connections):
            channel = grpc.aio.secure_channel(crowd.address, credentials, options=_OWN)
            calls.append((await open_channels.enter_async_context(channel)).unary_unary(METHOD, None, None))
        begun, cpu = time.perf_counter(), time.process_time()

        async def client(number: int) -> None:
            call, header = calls[number % len(calls)], (("authorization", f"Bearer {crowd.tokens[number]}"),)
            failures = 0
            while True:
                try:
                    await call(message, metadata=header)
                    break
                except grpc.aio.AioRpcError as error:
                    if error.code() not in AGAIN:
                        raise
                    status = error.code().name
                    outcome.again[status] = outcome.again.get(status, 0) + 1
                failures += 1
                when_refused()
                await asyncio.sleep(pause(failures, random.random()))
            outcome.served.append(time.perf_counter() - begun)

        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE), asyncio.TaskGroup() as clients:
                for number in range(len(crowd.tokens)):
                    clients.create_task(client(number))
        outcome.cpu = time.process_time() - cpu
    return outcome


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    print(json.dumps(asdict(asyncio.run(come_back(Crowd(**json.load(sys.stdin)))))))
