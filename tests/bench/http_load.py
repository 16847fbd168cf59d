"""HTTP/1.1 in processes of its own, as plain as it can be: who asks and who answers. `-m tests.bench.http_load`.

`ask ADDRESS HOST PATH CONNECTIONS REQUESTS` prints what it saw as JSON; `answer SOCKET` says 204 to everything until
its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any

_END = b"\r\n\r\n"
_ANSWER = b"HTTP/1.1 204 No Content\r\n\r\n"


async def ask(address: str, host: str, path: str, connections: int, requests: int) -> dict[str, Any]:
    """Every answer must be a 204; `samples` in milliseconds, sorted."""
    place, _, port = address.partition(":")
    request = f"GET {path} HTTP/1.1\r\nhost: {host}\r\nuser-agent: bench\r\n\r\n".encode()
    samples: list[float] = []
    failed, numbers = 0, iter(range(requests))

    async def one() -> None:
        nonlocal failed
        reader, writer = await asyncio.open_connection(place, int(port))
        for _ in numbers:
            begun = time.perf_counter()
            writer.write(request)
            head = await reader.readuntil(_END)
            samples.append((time.perf_counter() - begun) * 1000)
            failed += not head.startswith(b"HTTP/1.1 204")
        writer.close()

    begun = time.perf_counter()
    outcomes = await asyncio.gather(*(one() for _ in range(connections)), return_exceptions=True)
    failed += sum(isinstance(outcome, BaseException) for outcome in outcomes)
    return {"seconds": time.perf_counter() - begun, "failed": failed, "samples": sorted(samples)}


class _Answering(asyncio.Protocol):
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport: Any = transport
        self._seen = b""

    def data_received(self, data: bytes) -> None:
        self._seen += data
        whole = self._seen.count(_END)
        if whole:
            self._seen = self._seen.rpartition(_END)[2]
            self._transport.write(_ANSWER * whole)


async def answer(socket: str) -> None:
    """Until standard input ends."""
    server = await asyncio.get_running_loop().create_unix_server(_Answering, socket)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    if sys.argv[1] == "answer":
        asyncio.run(answer(sys.argv[2]))
    else:
        where, name, what = sys.argv[2:5]
        print(json.dumps(asyncio.run(ask(where, name, what, int(sys.argv[5]), int(sys.argv[6])))))
