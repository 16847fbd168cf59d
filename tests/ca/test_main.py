"""The CA as a process of its own: what its owner relies on, whoever dies first."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from meshtui.ca.ledger import LedgerReader
from meshtui.ca.records import State
from meshtui.config.tokens import TokenIssuer
from meshtui.identity.csr import make_csr
from meshtui.identity.keys import new_key
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import svid_from_response
from meshtui.wire.gateway_authority_pb2 import SignServerCertificateRequest
from meshtui.wire.gateway_authority_pb2_grpc import GatewayAuthorityStub
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from meshtui.wire.istio_ca_pb2_grpc import IstioCertificateServiceStub
from tests.identity.forge import HTTPBIN

DEADLINE = 20.0
ISSUER = "https://cluster.local/mesh"


@dataclass
class Running:
    """A CA's process and its first line."""

    process: asyncio.subprocess.Process
    first: dict[str, Any]

    def resident_bytes(self) -> int:
        """Memory that it holds."""
        pages = Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")

    def descriptors(self) -> int:
        """Files and sockets that it has open."""
        return sum(1 for _ in Path(f"/proc/{self.process.pid}/fd").iterdir())

    def root_pem(self) -> bytes:
        """The root that its first line names."""
        return Path(self.first["root"]).read_bytes()

    async def line(self) -> dict[str, Any]:
        """The next line that it says."""
        assert self.process.stdout is not None
        async with asyncio.timeout(DEADLINE):
            return dict(json.loads(await self.process.stdout.readline()))

    async def ended(self) -> int:
        """Its exit status, once it has ended."""
        async with asyncio.timeout(DEADLINE):
            return await self.process.wait()

    async def errors(self) -> str:
        """Everything on its standard error, once it has ended."""
        assert self.process.stderr is not None
        return (await self.process.stderr.read()).decode()


class Home:
    """Where CAs are started, one after the other."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.ca = directory / "ca"
        self.tokens = TokenIssuer.open(directory / "tokens.key", ISSUER)
        self.key = new_key()
        self._started: list[Running] = []
        (directory / "jwks.json").write_text(self.tokens.jwks())

    async def start(
        self,
        port: int = 0,
        ttl: int = 3600,
        more: Sequence[str | Path | int] = (),
        *,
        program: Sequence[str] = (sys.executable, "-m", "meshtui.ca"),
    ) -> Running:
        """Start one and wait for its first line. `program` is another one that takes the same options."""
        process = await asyncio.create_subprocess_exec(
            *(*program, "--directory", str(self.ca), "--trust-domain", "cluster.local"),
            *("--port", str(port), "--gateway-socket", str(self.directory / "run" / "g"), "--workload-ttl", str(ttl)),
            *("--token-jwks", str(self.directory / "jwks.json"), "--token-issuer", ISSUER),
            *map(str, more),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        running = Running(process, {})
        self._started.append(running)
        running.first = await running.line()
        return running

    async def stop(self) -> None:
        """Leave nothing behind."""
        for running in self._started:
            if running.process.returncode is None:
                running.process.kill()
            await running.ended()

    def headers(self) -> tuple[tuple[str, str], ...]:
        """The token of a pod."""
        token = self.tokens.issue(
            "prod",
            "httpbin",
            pod_name="httpbin-1",
            pod_uid="uid-1",
            audience="istio-ca",
            duration=timedelta(hours=1),
            now=datetime.now(UTC),
        )
        return (("authorization", f"Bearer {token}"),)

    def channel(self, running: Running) -> grpc.aio.Channel:
        """To the CA of a first line, trusting the root that it names."""
        credentials = grpc.ssl_channel_credentials(running.root_pem())
        return grpc.aio.secure_channel(f"127.0.0.1:{running.first['port']}", credentials)

    async def issue(self, channel: grpc.aio.Channel) -> tuple[str, ...]:
        """Get a certificate."""
        request = IstioCertificateRequest(csr=make_csr(self.key, SpiffeId.parse(HTTPBIN)))
        stub = IstioCertificateServiceStub(channel)
        answer = await stub.CreateCertificate(request, metadata=self.headers(), timeout=DEADLINE)
        return tuple(answer.cert_chain)


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    found = Home(tmp_path)
    yield found
    await found.stop()


async def test_it_signs_and_says_so(home: Home) -> None:
    """One line when it serves, then one for each decision; it ends quietly when its owner does."""
    running = await home.start()
    assert running.first == {
        "ready": True,
        "port": running.first["port"],
        "root": str(home.ca / "root-cert.pem"),
        "notice": "",
        "mtls_port": 0,
    }
    async with home.channel(running) as channel:
        held = svid_from_response(await home.issue(channel), home.key, SpiffeId.parse(HTTPBIN), datetime.now(UTC))
        said = await running.line()
        assert (said["event"], said["pod_uid"], said["serial"]) == ("issued", "uid-1", held.facts.serial)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await IstioCertificateServiceStub(channel).CreateCertificate(IstioCertificateRequest(), timeout=DEADLINE)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        assert (await running.line())["reason"] == "no-credential"
    async with grpc.aio.insecure_channel(f"unix:{home.directory / 'run' / 'g'}") as channel:
        asked = SignServerCertificateRequest(
            authority="example.com", csr=make_csr(home.key), hosts=["httpbin.example.com"], target="gateway/a/b"
        )
        await GatewayAuthorityStub(channel).SignServerCertificate(asked, timeout=DEADLINE)
    assert (await running.line())["target"] == "gateway/a/b"
    assert running.resident_bytes() < 70 * 1024 * 1024
    assert running.process.stdin is not None
    running.process.stdin.close()
    assert await running.ended() == 0
    assert await running.errors() == ""


async def test_sigterm_ends_it_and_a_restart_goes_on(home: Home) -> None:
    """After SIGTERM (and an ignored Ctrl-C) the next start has the same root and ledger."""
    first = await home.start()
    root = first.root_pem()
    async with home.channel(first) as channel:
        chain = await home.issue(channel)
    first.process.send_signal(signal.SIGINT)
    first.process.terminate()
    assert await first.ended() == 0
    assert await first.errors() == ""
    second = await home.start()
    assert second.root_pem() == root
    latest = LedgerReader(home.ca / "ledger.db").latest_for_pod("uid-1")
    assert latest is not None
    assert latest.pem == chain[0]


async def test_kill_9_loses_no_certificate(home: Home) -> None:
    """Killed in the middle of its work, the next start knows every certificate that anybody received."""
    running = await home.start()
    received: list[str] = []

    async def ask_until_it_dies(channel: grpc.aio.Channel) -> None:
        with contextlib.suppress(grpc.aio.AioRpcError):
            while True:
                received.append((await home.issue(channel))[0])
                if len(received) == 40:
                    running.process.kill()

    async with home.channel(running) as channel:
        await asyncio.gather(*(ask_until_it_dies(channel) for _ in range(8)))
    await running.ended()
    again = await home.start()
    assert again.first["ready"]
    entries = LedgerReader(home.ca / "ledger.db").entries(pod_uid="uid-1", limit=1000)
    assert set(received) <= {entry.pem for entry in entries if entry.state is State.ISSUED}
    assert len(received) >= 40
    assert not [entry for entry in entries if entry.state is State.INTENT]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda ca: (ca / "root-key.pem").unlink(), "root-key.pem"),
        (lambda ca: (ca / "root-key.pem").write_bytes(b""), "root-key.pem"),
        (lambda ca: [path.unlink() for path in ca.glob("root-*")], "is gone"),
        (lambda ca: (ca / "ledger.db").write_bytes(b"garbage" * 1000), "ledger.db"),
        (lambda ca: [path.unlink() for path in ca.glob("ledger.db*")], "ledger.db is gone"),
        (lambda ca: ca.chmod(0o755), "open to others"),
        (lambda ca: (ca.parent / "jwks.json").write_text("{}"), "token issuer"),
    ],
    ids=["key gone", "key empty", "root gone", "ledger", "ledger gone", "directory", "tokens"],
)
async def test_damage_is_one_line_and_status_5(home: Home, damage: Callable[[Path], object], says: str) -> None:
    """A CA that cannot start says why in one line of JSON, without a traceback, and changes nothing."""
    first = await home.start()
    first.process.terminate()
    await first.ended()
    damage(home.ca)
    before = {path.name: path.read_bytes() for path in home.ca.iterdir() if path.is_file()}
    second = await home.start()
    assert says in second.first["error"]
    assert await second.ended() == 5
    assert await second.errors() == ""
    assert before == {path.name: path.read_bytes() for path in home.ca.iterdir() if path.is_file()}


async def test_a_taken_port_is_replaced_with_a_notice(home: Home) -> None:
    """When the port is taken, another one is used and the owner is told."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        taken = other.getsockname()[1]
        running = await home.start(port=taken)
    assert running.first["port"] not in (0, taken)
    assert str(taken) in running.first["notice"]


async def test_a_lifetime_out_of_range_is_refused(home: Home) -> None:
    """A default lifetime above the maximum is an error at the start."""
    running = await home.start(ttl=91 * 86_400)
    assert "out of range" in running.first["error"]
    assert await running.ended() == 5


async def test_a_successor_waits_for_its_predecessor(home: Home) -> None:
    """A CA that starts while the last one is still leaving takes over when it has left."""
    first = await home.start()
    starting = asyncio.create_task(home.start())
    first.process.terminate()
    second = await starting
    assert second.first.get("ready"), second.first
    assert await first.ended() == 0
