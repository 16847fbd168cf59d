"""A CA certificate with its key, the CAs above it, and what signing takes. Decides nothing about what is signed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.identity.keys import PrivateKey, signing_hash


@dataclass(frozen=True)
class Signer:
    """What certificates are signed with."""

    name: str
    """`root`, `intermediate` or `gateways/NAME`: how the ledger calls it."""
    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)
    above: tuple[x509.Certificate, ...] = ()
    """The CAs that vouch for it, each by the next, up to a root; none for a root."""
    bundle: str = ""
    """PEM of all roots, as its callers get it; empty where the certificate is the only root."""

    @cached_property
    def path(self) -> tuple[x509.Certificate, ...]:
        """The certificate and all above it. A leaf is good for as long as all of them are."""
        return (self.certificate, *self.above)

    @cached_property
    def pem(self) -> str:
        """The CA certificate."""
        return _pem(self.certificate)

    @cached_property
    def following(self) -> tuple[str, ...]:
        """What follows a leaf in an answer, PEM: each intermediate by itself and, last, the whole root bundle.

        Istio's order (security/pkg/server/ca/server.go); its clients read no more than one certificate of each
        element but the last, so roots are not among the intermediates.
        """
        return (*(_pem(certificate) for certificate in self.path[:-1]), self.bundle or self.pem)

    def sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        """Sign with the hash that goes with the key."""
        return builder.sign(self.key, signing_hash(self.key))


def new_serial() -> int:
    """128 random bits, never zero (RFC 5280, 4.1.2.2: positive, at most 20 octets)."""
    return secrets.randbelow(2**128 - 1) + 1


def _pem(certificate: x509.Certificate) -> str:
    return certificate.public_bytes(Encoding.PEM).decode()
