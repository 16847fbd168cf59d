"""Real TLS servers, right or wrong in exactly the way that a test asks for: Python's and openssl's."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import subprocess
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshtui.identity.keys import PrivateKey, key_pem
from meshtui.probe.tls import Address
from tests.identity import forge
from tests.identity.forge import Pair

HOST = "a.example"
DAY = timedelta(days=1)
TEAPOT = b"HTTP/1.1 418 Teapot\r\nserver: pot\r\ncontent-length: 0\r\n\r\n"
Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


def new_root(name: str = "root") -> Pair:
    """A CA for tests, valid now."""
    now = datetime.now(UTC)
    return forge.ca(name, start=now - 90 * DAY, end=now + 90 * DAY)


def new_intermediate(root: Pair, name: str = "intermediate", *, end: timedelta = 60 * DAY) -> Pair:
    """A CA that the root signed."""
    now = datetime.now(UTC)
    return forge.ca(name, root, start=now - 80 * DAY, end=now + end)


def leaf(
    issuer: Pair | None,
    *names: str | x509.GeneralName,
    start: timedelta = -1 * DAY,
    end: timedelta = 30 * DAY,
    more: Sequence[tuple[x509.ExtensionType, bool]] = (),
    key: PrivateKey | None = None,
    subject: str = "leaf",
) -> Pair:
    """A certificate for these names (`a.example` if none is given), self-signed without an issuer."""
    now = datetime.now(UTC)
    sans = [x509.DNSName(name) if isinstance(name, str) else name for name in names or (HOST,)]
    extensions = [(x509.BasicConstraints(ca=False, path_length=None), True), *more]
    if sans != [x509.DNSName("")]:
        extensions.append((x509.SubjectAlternativeName(sans), False))
    return forge.make(extensions, issuer=issuer, subject=subject, key=key, start=now + start, end=now + end)


def client_only() -> list[tuple[x509.ExtensionType, bool]]:
    """For a certificate that is not for servers."""
    return [(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), False)]


def written(path: Path, *pairs: Pair, key: bool = False) -> Path:
    """Certificates in this order, with the first one's key if it is asked for."""
    text = "".join(pair.pem for pair in pairs).encode()
    path.write_bytes(text + key_pem(pairs[0].key) if key else text)
    return path


def presenting(directory: Path, *chain: Pair, ciphers: str = "") -> ssl.SSLContext:
    """The context of a server that presents this chain, leaf first."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if ciphers:
        context.set_ciphers(ciphers)
    context.load_cert_chain(written(directory / f"{id(chain)}.pem", *chain, key=True))
    return context


def demanding(context: ssl.SSLContext, clients: Pair, mode: ssl.VerifyMode = ssl.CERT_REQUIRED) -> ssl.SSLContext:
    """The same, asking clients for a certificate of this CA."""
    context.load_verify_locations(cadata=clients.pem)
    context.verify_mode = mode
    return context


@asynccontextmanager
async def serving(context: ssl.SSLContext, answer: bytes = TEAPOT, host: str = "127.0.0.1") -> AsyncIterator[Address]:
    """An HTTPS server with one answer; without one it closes after the handshake."""

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()

    async with listening(handle, context, host) as address:
        yield address


@asynccontextmanager
async def listening(
    handle: Handler, context: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[Address]:
    """Whatever the handler does with a connection, which is closed after it."""
    running: set[asyncio.Task[None]] = set()

    async def run(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        running.add(task)
        # a probe that has seen enough hangs up in the middle of it
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            await handle(reader, writer)
        running.discard(task)
        writer.close()

    server = await asyncio.start_server(run, host, 0, ssl=context)
    try:
        yield Address(host=host, port=server.sockets[0].getsockname()[1])
    finally:
        server.close()
        for task in running:
            task.cancel()
        await asyncio.gather(*running)


@contextmanager
def s_server(directory: Path, chain: Sequence[Pair], *options: str) -> Iterator[Address]:
    """`openssl s_server`, which answers every request with a page about the connection."""
    pem = written(directory / "s_server.pem", *chain, key=True)
    command = ["openssl", "s_server", "-accept", "127.0.0.1:0", "-www", "-cert", str(pem), "-cert_chain", str(pem)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    try:
        line = next(line for line in process.stdout if line.startswith("ACCEPT "))
        yield Address.parse(line.split()[1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
