"""What a certificate says, as a value that travels: to the operator socket, to JSON, to a screen.

Kept apart from `inspect`, which reads certificates, so that the console can hold these values
without loading the cryptography package.
"""

from __future__ import annotations

from datetime import datetime

import msgspec


def serial_text(serial: int) -> str:
    """A serial number as lower-case hexadecimal in whole bytes, the way openssl and Envoy print it."""
    digits = format(serial, "x")
    return digits if serial < 0 or len(digits) % 2 == 0 else f"0{digits}"


class CertificateFacts(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One X.509 certificate. Contains nothing secret."""

    serial: str
    """Lower-case hexadecimal, whole bytes, no separators."""
    subject: str
    """RFC 4514; empty for an SVID, whose name is its SAN."""
    sans: tuple[str, ...]
    """Subject alternative names as text: a URI, a DNS name, an IP address."""
    issuer: str
    """RFC 4514."""
    not_before: datetime
    not_after: datetime
    sha256: str
    """Fingerprint of the DER, lower-case hexadecimal."""
    key: str
    """Kind of the public key: `EC P-256`, `RSA 2048`, `Ed25519`."""
    public_key_sha256: str
    """Digest of the SubjectPublicKeyInfo: what joins a certificate to the key that holds it."""
    signature: str = ""
    """Signature algorithm, e.g. `ecdsa-with-SHA256`."""
    is_ca: bool = False
