"""OpenSSL as it is set up for a probe: what is offered, what is trusted, what is presented.

Made once for many connections, because reading a trust store takes longer than a handshake. Holds a client's key if
there is one, so that it is dropped with the question it belongs to.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from functools import cached_property

from cryptography import x509
from OpenSSL import SSL, crypto

from meshtui.identity.keys import PrivateKey
from meshtui.probe.tls_client import attach_callbacks

_ALSO_WEAK = b"ALL:!aNULL:@SECLEVEL=0"
"""What may be negotiated where the question is whether it can be."""
BY_KIND = {"EC": "aECDSA", "RSA": "aRSA"}
"""How a server with certificates of both kinds is made to present one: in TLS 1.2, by its ciphers."""


@dataclass(frozen=True)
class Roots:
    """What servers are verified against."""

    certificates: tuple[x509.Certificate, ...] = ()
    name: str = ""
    """In words: a path, `the system's trust store`."""
    file: str = ""
    """For commands; empty for the system's store, and where there are none."""
    system: bool = False

    @property
    def known(self) -> bool:
        """Whether anything can be verified."""
        return self.system or bool(self.certificates)


UNKNOWN_ROOTS = Roots()
"""Nobody knows who signed it."""


@dataclass(frozen=True)
class ClientPair:
    """What is presented to a server that asks for a client certificate."""

    chain: tuple[x509.Certificate, ...]
    """Leaf first."""
    key: PrivateKey = field(repr=False)
    certificate_file: str
    """For commands only."""
    key_file: str


def system_roots() -> Roots:
    """The trust store of this machine, where Python's OpenSSL looks for it; unknown roots if there is none."""
    paths = ssl.get_default_verify_paths()
    return Roots(name="the system's trust store", system=True) if paths.cafile or paths.capath else UNKNOWN_ROOTS


class Contexts:
    """Every context that the questions about one kind of server need."""

    def __init__(self, roots: Roots, client: ClientPair | None = None) -> None:
        self.roots = roots
        self.client = client

    @cached_property
    def stranger(self) -> SSL.Context:
        """TLS 1.2 and 1.3, verified, without a client certificate."""
        return self._modern()

    @cached_property
    def guest(self) -> SSL.Context:
        """The same with the client certificate."""
        assert self.client is not None
        context = self._modern()
        context.use_certificate(self.client.chain[0])
        for each in self.client.chain[1:]:
            context.add_extra_chain_cert(each)
        context.use_privatekey(self.client.key)
        return context

    @cached_property
    def only_1_2(self) -> SSL.Context:
        """TLS 1.2 alone, verified by nobody."""
        return _context(SSL.TLS1_2_VERSION, SSL.TLS1_2_VERSION)

    @cached_property
    def old(self) -> SSL.Context:
        """TLS 1.0 and 1.1, with whatever they were ever used with."""
        return _context(SSL.TLS1_VERSION, SSL.TLS1_1_VERSION, weak=True)

    @cached_property
    def oldest(self) -> SSL.Context:
        """TLS 1.0 alone."""
        return _context(SSL.TLS1_VERSION, SSL.TLS1_VERSION, weak=True)

    def of_kind(self, kind: str) -> SSL.Context:
        """TLS 1.2, verified, for a certificate with a key of this kind, `EC` or `RSA`."""
        context = self._modern(SSL.TLS1_2_VERSION)
        context.set_cipher_list(BY_KIND[kind].encode())
        return context

    def _modern(self, highest: int = SSL.TLS1_3_VERSION) -> SSL.Context:
        context = _context(SSL.TLS1_2_VERSION, highest, verify=self.roots.known)
        store = context.get_cert_store()
        if self.roots.system:
            paths = ssl.get_default_verify_paths()
            context.load_verify_locations(paths.cafile, paths.capath)
        elif store is not None:
            for each in self.roots.certificates:
                store.add_cert(crypto.X509.from_cryptography(each))
        if store is not None:
            # as curl does: an intermediate that is trusted needs no root above it
            store.set_flags(crypto.X509StoreFlags.PARTIAL_CHAIN)
        return context


def _context(lowest: int, highest: int, *, verify: bool = False, weak: bool = False) -> SSL.Context:
    context = SSL.Context(SSL.TLS_CLIENT_METHOD)
    context.set_min_proto_version(lowest)
    context.set_max_proto_version(highest)
    if weak:
        context.set_cipher_list(_ALSO_WEAK)
        context.set_options(SSL.OP_LEGACY_SERVER_CONNECT)
    attach_callbacks(context, verify=verify)
    return context
