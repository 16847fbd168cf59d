"""What the wire presents: a TLS handshake as any stranger would make it.

Nothing here decides whether what was seen is right; `seen` and `verified` are facts for a check to judge.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from dataclasses import dataclass
from typing import Any

from cryptography import x509

from meshtui.errors import UnreachableError
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts
from meshtui.probe.announced import Announcer, marked

DEADLINE = 5.0
"""Seconds for connection and handshake together."""
_LOOK_AGAIN = 0.01


@dataclass(frozen=True)
class Address:
    """Where to connect: a TCP host and port, or a Unix socket."""

    host: str = ""
    port: int = 0
    path: str = ""
    rsa_only: bool = False
    """To be asked as by a client that cannot check ECDSA: of two certificates it then presents the RSA one."""

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read `HOST:PORT`, `[V6]:PORT` or `unix:PATH`. Raises ValueError for anything else."""
        if text.startswith("unix:"):
            return cls(path=text.removeprefix("unix:"))
        host, _, port = text.rpartition(":")
        if not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
            raise ValueError(text)
        return cls(host=host.strip("[]"), port=int(port))

    def __str__(self) -> str:
        if self.path:
            return f"unix:{self.path}"
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True)
class Handshake:
    """What one handshake showed."""

    chain: tuple[x509.Certificate, ...]
    """As presented, leaf first."""
    tls_version: str
    cipher: str

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate that the server answers for."""
        return self.chain[0]

    @property
    def facts(self) -> CertificateFacts:
        """The presented certificate as a value."""
        return facts(self.leaf)


async def seen(address: Address, server_name: str = "", announcer: Announcer | None = None) -> Handshake:
    """The certificate that is presented, verified by nobody. Raises UnreachableError when there is no handshake.

    A server that demands a client certificate still presents its own first (RFC 8446, section 4.4.2). `announcer`
    is told of a connection to a Unix socket, and has it ask for a name of its own.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    with marked(address.path, announcer) as name:
        return await _handshake(address, context, name or server_name)


async def verified(
    address: Address, ca_pem: str, server_name: str = "", announcer: Announcer | None = None, *, check_host: bool
) -> Handshake:
    """The same with OpenSSL's verification against `ca_pem`, as curl or openssl would do it.

    Raises UnreachableError with OpenSSL's reason when the chain (or, with `check_host`, the name) does not verify.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = check_host
    context.load_verify_locations(cadata=ca_pem)
    with marked(address.path, announcer) as name:
        return await _handshake(address, context, name or server_name)


async def until_presented(
    address: Address, server_name: str, sha256: str, seconds: float, announcer: Announcer | None = None
) -> Handshake:
    """Look until the certificate with this fingerprint is presented; returns the last one seen, which may be another.

    Raises UnreachableError when there is no handshake to the end.

    A proxy acknowledges a secret before its worker threads use it, and tells nobody when they do.
    """
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        late = asyncio.get_running_loop().time() > deadline
        try:
            handshake = await seen(address, server_name, announcer)
        except UnreachableError:
            if late:
                raise
        else:
            if late or handshake.facts.sha256 == sha256:
                return handshake
        await asyncio.sleep(_LOOK_AGAIN)


def limit(context: ssl.SSLContext, address: Address) -> None:
    """Make a client's context speak what is to be spoken with an address: TLS 1.2 and 1.3, or less."""
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if address.rsa_only:
        # in TLS 1.3 this would be said by signature algorithms, which Python cannot set
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers("aRSA")


async def _handshake(address: Address, context: ssl.SSLContext, server_name: str) -> Handshake:
    limit(context, address)
    name = server_name or ("" if address.path else address.host)
    try:
        async with asyncio.timeout(DEADLINE):
            if address.path:
                _, writer = await asyncio.open_unix_connection(address.path, ssl=context, server_hostname=name)
            else:
                _, writer = await asyncio.open_connection(
                    address.host, address.port, ssl=context, server_hostname=name or None
                )
    except TimeoutError as error:
        raise UnreachableError(f"{address} did not finish a TLS handshake within {DEADLINE:g} s.") from error
    except ssl.SSLCertVerificationError as error:
        raise UnreachableError(
            f"{address} presents a certificate that does not verify: {error.verify_message}."
        ) from error
    except (OSError, ssl.SSLError) as error:
        refused = isinstance(error, ConnectionRefusedError)
        reason = os.strerror(error.errno) if error.errno and not isinstance(error, ssl.SSLError) else str(error)
        fix = "" if server_name or refused else "Perhaps it needs to be asked for a host (SNI)."
        raise UnreachableError(f"{address} does not take a TLS handshake: {reason}.", fix=fix) from error
    try:
        session: ssl.SSLObject = writer.get_extra_info("ssl_object")
        chain, cipher = _presented(session), session.cipher()
        if not chain or cipher is None:
            raise UnreachableError(f"{address} presented no certificate.")
        return Handshake(chain, session.version() or "", cipher[0])
    finally:
        writer.transport.abort()


def _presented(session: ssl.SSLObject) -> tuple[x509.Certificate, ...]:
    # public only since Python 3.13; before, the same method is on the object behind
    source: Any = session if hasattr(session, "get_unverified_chain") else session._sslobj  # type: ignore[attr-defined]  # noqa: SLF001
    chain = source.get_unverified_chain() or ()
    ders = [each if isinstance(each, bytes) else ssl.PEM_cert_to_DER_cert(each.public_bytes()) for each in chain]
    return tuple(map(x509.load_der_x509_certificate, ders))
