"""What the wire presents, by handshakes with the system's own OpenSSL."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from meshtui.errors import UnreachableError
from meshtui.identity.inspect import facts
from meshtui.identity.keys import PrivateKey, key_pem
from meshtui.probe.tls import Address, seen, until_presented, verified
from tests.identity import forge
from tests.identity.forge import Pair


def _server_pair(root: Pair, *hosts: str, key: PrivateKey | None = None) -> Pair:
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(host) for host in hosts])
    constraints = x509.BasicConstraints(ca=False, path_length=None)
    extensions: list[tuple[x509.ExtensionType, bool]] = [(names, True), (constraints, True)]
    return forge.make(extensions, issuer=root, key=key, start=now - timedelta(hours=1), end=now + timedelta(hours=1))


def _root() -> Pair:
    now = datetime.now(UTC)
    return forge.ca("root", start=now - timedelta(days=1), end=now + timedelta(days=1))


class Server:
    """A TLS server whose certificate can be replaced while it runs."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def present(self, pair: Pair) -> str:
        """Present it from the next handshake on; returns its fingerprint."""
        path = self._directory / "server.pem"
        path.write_bytes(pair.pem.encode() + key_pem(pair.key))
        self.context.load_cert_chain(path)
        return facts(pair.certificate).sha256


@asynccontextmanager
async def serving(context: ssl.SSLContext, answer: bytes = b"") -> AsyncIterator[Address]:
    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if answer:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer)
            await writer.drain()
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context)
    try:
        yield Address(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    finally:
        server.close()


async def test_what_is_presented_is_seen_even_if_nobody_trusts_it(tmp_path: Path) -> None:
    """Chain, version and cipher, verified by nobody."""
    server, pair = Server(tmp_path), _server_pair(_root(), "a.example")
    sha256 = server.present(pair)
    async with serving(server.context) as address:
        handshake = await seen(address)
    assert handshake.facts.sha256 == sha256
    assert handshake.tls_version == "TLSv1.3"
    assert handshake.cipher


async def test_a_demanded_client_certificate_does_not_hide_the_servers(tmp_path: Path) -> None:
    """A sidecar presents its own before it asks for ours."""
    server = Server(tmp_path)
    sha256 = server.present(_server_pair(_root(), "a.example"))
    server.context.verify_mode = ssl.CERT_REQUIRED
    async with serving(server.context) as address:
        assert (await seen(address)).facts.sha256 == sha256


async def test_a_server_with_two_certificates_is_asked_for_its_rsa_one(tmp_path: Path) -> None:
    """As by a client that cannot check ECDSA; any other gets the ECDSA one. An HTTP request is made likewise."""
    server, root = Server(tmp_path), _root()
    ecdsa, rsa = _server_pair(root, "a.example"), _server_pair(root, "a.example", key=forge.rsa_key())
    server.present(rsa)
    server.present(ecdsa)
    async with serving(server.context, b"HTTP/1.1 418 Teapot\r\ncontent-length: 0\r\n\r\n") as address:
        assert (await seen(address)).leaf == ecdsa.certificate
        asked = replace(address, rsa_only=True)
        assert (await seen(asked)).leaf == rsa.certificate
        assert (await verified(asked, root.pem, "a.example", check_host=True)).leaf == rsa.certificate
        assert str(asked) == str(address)


@pytest.mark.parametrize(
    ("root", "name", "reason"),
    [
        (lambda own: own, "a.example", ""),
        (lambda own: own, "b.example", "a.example|ostname mismatch"),
        (lambda own: _root(), "a.example", "verify|unable to get local issuer|signature failure"),
    ],
    ids=["right", "other host", "other root"],
)
async def test_verification_is_openssls(tmp_path: Path, root: Callable[[Pair], Pair], name: str, reason: str) -> None:
    """As curl would do it: the chain, and the name that was asked for."""
    server, own = Server(tmp_path), _root()
    server.present(_server_pair(own, "a.example"))
    async with serving(server.context) as address:
        attempt = verified(address, root(own).pem, name, check_host=True)
        if reason:
            with pytest.raises(UnreachableError, match=reason):
                await attempt
        else:
            assert (await attempt).chain


async def test_a_new_certificate_is_waited_for(tmp_path: Path) -> None:
    """It is presented a moment after it was pushed; the one before is not taken for it."""
    server, root = Server(tmp_path), _root()
    server.present(_server_pair(root, "a.example"))
    async with serving(server.context) as address:
        new = _server_pair(root, "a.example")
        waiting = asyncio.create_task(until_presented(address, "", facts(new.certificate).sha256, 10))
        await seen(address)
        server.present(new)
        assert (await waiting).facts.sha256 == facts(new.certificate).sha256


async def test_nobody_there_is_a_sentence() -> None:
    """With the address and the reason."""
    with pytest.raises(UnreachableError, match=r"127\.0\.0\.1:1 does not take a TLS handshake"):
        await seen(Address(host="127.0.0.1", port=1))


async def test_one_that_speaks_no_tls_is_a_sentence() -> None:
    """Plain HTTP is not a handshake."""

    async def handle(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        writer.close()

    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    address = Address(host="127.0.0.1", port=server.sockets[0].getsockname()[1])
    with pytest.raises(UnreachableError, match="does not take a TLS handshake"):
        await seen(address)
    server.close()


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("localhost:443", Address(host="localhost", port=443)),
        ("[::1]:443", Address(host="::1", port=443)),
        ("unix:/a/b", Address(path="/a/b")),
    ],
)
def test_addresses(text: str, address: Address) -> None:
    """They read and print alike."""
    assert Address.parse(text) == address
    assert str(address) == text


@pytest.mark.parametrize("text", ["", "host", "host:", "host:0", "host:65536", ":443", "host:٤٤٣"])
def test_what_is_no_address(text: str) -> None:
    """Ports are numbers from 1 to 65535."""
    with pytest.raises(ValueError, match=text[:1] or "^$"):
        Address.parse(text)
