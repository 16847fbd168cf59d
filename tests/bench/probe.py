"""The part `probe`: `meshtui verify` of many hosts at once, over real TLS on loopback."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bench.table import Row
from tests.probe.servers import leaf, new_root, written

MESHTUI = str(Path(sys.executable).with_name("meshtui"))
HOSTS = 200
BOUND = "5 s"
SERVER = """
import asyncio, ssl, sys

async def main():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1])

    async def answer(reader, writer):
        try:
            await reader.readuntil(b"\\r\\n\\r\\n")
            writer.write(b"HTTP/1.1 200 OK\\r\\ncontent-length: 0\\r\\n\\r\\n")
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError):
            pass
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context, backlog=1000)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()

asyncio.run(main())
"""


def measure() -> list[Row]:
    """Name, figure reached, bound."""
    with tempfile.TemporaryDirectory(prefix="meshtui-bench-") as folder:
        root = new_root()
        pair = written(Path(folder) / "server.pem", leaf(root, "*.bench.example"), key=True)
        written(Path(folder) / "root.pem", root)
        server = subprocess.Popen([sys.executable, "-c", SERVER, str(pair)], stdout=subprocess.PIPE, text=True)
        assert server.stdout is not None
        try:
            port = int(server.stdout.readline())
            seconds = min(_verified(port, Path(folder) / "root.pem") for _ in range(3))
        finally:
            server.kill()
            server.wait()
            server.stdout.close()
    return [(f"`meshtui verify` of {HOSTS} hosts, four connections each", f"{seconds:.1f} s", BOUND)]


def _verified(port: int, root: Path) -> float:
    hosts = [f"h{number}.bench.example" for number in range(HOSTS)]
    command = [MESHTUI, "verify", "--json", "--ca", str(root)]
    for host in hosts:
        command += [f"https://{host}:{port}/", "--resolve", f"{host}:{port}:127.0.0.1"]
    begun = time.perf_counter()
    result = subprocess.run(command, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - begun
    assert all(each["passed"] for each in json.loads(result.stdout)["results"])
    return seconds
