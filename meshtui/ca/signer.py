"""A CA certificate with its key, and what signing takes. Decides nothing about what is signed."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.identity.keys import PrivateKey, signing_hash


@dataclass(frozen=True)
class Signer:
    """What certificates are signed with."""

    name: str
    """`root`, or `gateways/NAME`: how the ledger calls it."""
    certificate: x509.Certificate
    key: PrivateKey = field(repr=False)

    @property
    def pem(self) -> str:
        """The CA certificate."""
        return self.certificate.public_bytes(Encoding.PEM).decode()

    def sign(self, builder: x509.CertificateBuilder) -> x509.Certificate:
        """Sign with the hash that goes with the key."""
        return builder.sign(self.key, signing_hash(self.key))


def new_serial() -> int:
    """128 random bits, never zero (RFC 5280, 4.1.2.2: positive, at most 20 octets)."""
    return secrets.randbelow(2**128 - 1) + 1
