"""Statements about the ledger that the CA has signed: its head, and what was dropped from it. No SQL.

What is signed begins with a line of text, which no certificate does (DER begins with 0x30): a seal can never be
taken for a certificate, nor a certificate for a seal.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

import msgspec
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384

from meshtui.ca.signer import Signer
from meshtui.errors import IdentityError, UsageError
from meshtui.identity.facts import serial_text
from meshtui.identity.inspect import load_certificates
from meshtui.identity.keys import signing_hash

_PURPOSE = b"meshtui ledger 1\n"


@dataclass(frozen=True, kw_only=True)
class Seal:
    """A signature, and whose it is."""

    signature: str
    """Base64; of ECDSA as DER, of RSA as PKCS #1 v1.5."""
    algorithm: str
    """`ecdsa-sha256`, `ecdsa-sha384` or `rsa-sha256`."""
    certificate_serial: str
    certificate: str
    """PEM: the CA certificate whose key signed, then those that vouch for it."""


@dataclass(frozen=True, kw_only=True)
class Head:
    """The end of the ledger as the CA signed it: with it, an older or shorter ledger is found out."""

    count: int
    """Number of the last event."""
    hash: str
    """Of that event, lower-case hexadecimal."""
    at: str
    """RFC 3339, UTC."""
    seal: Seal

    @property
    def document(self) -> dict[str, Any]:
        """As it is exported: one flat object."""
        return {"count": self.count, "hash": self.hash, "at": self.at, **asdict(self.seal)}

    @property
    def flaw(self) -> str:
        """What is wrong with the signature, empty when nothing is."""
        return flaw(_head_statement(self.count, self.hash, self.at), self.seal)


def sign_head(count: int, digest: bytes, now: datetime, signer: Signer) -> Head:
    """Sign the end of the ledger."""
    at, text = now.isoformat(timespec="microseconds"), digest.hex()
    return Head(count=count, hash=text, at=at, seal=sign(_head_statement(count, text, at), signer))


def read_head(document: bytes) -> Head:
    """A head that was exported; raises UsageError for anything else. Its signature is not checked here."""
    try:
        values = msgspec.json.decode(document, type=dict[str, str | int])
        seal = {name: values.pop(name) for name in Seal.__dataclass_fields__}
        return msgspec.convert({**values, "seal": seal}, Head)
    except (msgspec.DecodeError, KeyError, UnicodeDecodeError) as error:
        raise UsageError(
            "This is not a ledger's head.", fix="Give a file that `meshtui history --head` wrote."
        ) from error


def sign(statement: Mapping[str, Any], signer: Signer) -> Seal:
    """Sign a JSON object with the CA's key; its keys are sorted first."""
    key, hashing = signer.key, signing_hash(signer.key)
    content = _content(statement)
    if isinstance(key, ec.EllipticCurvePrivateKey):
        signature, family = key.sign(content, ec.ECDSA(hashing)), "ecdsa"
    else:
        signature, family = key.sign(content, padding.PKCS1v15(), hashing), "rsa"
    return Seal(
        signature=b64encode(signature).decode(),
        algorithm=f"{family}-{hashing.name}",
        certificate_serial=serial_text(signer.certificate.serial_number),
        certificate="".join(signer.following[:-1]) or signer.pem,
    )


def flaw(statement: Mapping[str, Any], seal: Seal) -> str:
    """What is wrong with the signature under a statement, empty when nothing is. Trust in its CA is not judged."""
    try:
        certificate = load_certificates(seal.certificate.encode())[0]
        key, signature = certificate.public_key(), b64decode(seal.signature)
        if serial_text(certificate.serial_number) != seal.certificate_serial:
            return "it names another certificate than it has"
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, _content(statement), ec.ECDSA(SHA384() if key.key_size > 256 else SHA256()))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, _content(statement), padding.PKCS1v15(), SHA256())
        else:
            return "its key is of an unknown kind"
    except InvalidSignature:
        return "the signature does not fit"
    except (IdentityError, ValueError, IndexError) as error:
        return f"it cannot be read ({type(error).__name__})"
    return ""


def stranger(seal: Seal, roots: bytes) -> str:
    """Why the CA of a seal is none that `roots` (PEM) vouch for; empty when it is. Expiry does not matter here."""
    try:
        trusted = load_certificates(roots)
        path = load_certificates(seal.certificate.encode())
        for certificate, issuer in pairwise(path):
            certificate.verify_directly_issued_by(issuer)
    except (IdentityError, InvalidSignature, ValueError, TypeError) as error:
        return f"its CA cannot be checked ({type(error).__name__})"
    return "" if any(path[-1] == root or _issued(path[-1], root) for root in trusted) else "its CA is not of this mesh"


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True


def _head_statement(count: int, digest: str, at: str) -> dict[str, Any]:
    return {"count": count, "hash": digest, "at": at}


def _content(statement: Mapping[str, Any]) -> bytes:
    return _PURPOSE + msgspec.json.encode(statement, order="deterministic")
