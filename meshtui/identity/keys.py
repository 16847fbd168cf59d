"""Keys: made here, written as PKCS#8, described in words. Key material leaves only through `key_pem`."""

from __future__ import annotations

import hashlib
import re
from typing import get_args

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from meshtui.errors import IdentityError

PrivateKey = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
"""What signs and authenticates here. Ed25519 is missing on purpose: Envoy does not take it."""

MAX_PEM_BYTES = 32 * 1024

_CURVES: dict[str, type[ec.EllipticCurve]] = {"EC P-256": ec.SECP256R1, "EC P-384": ec.SECP384R1}
_RSA_BITS = {"RSA 2048": 2048, "RSA 3072": 3072, "RSA 4096": 4096}
_NIST_CURVE = re.compile(r"sec[pt](\d+)r1")


def new_key(kind: str = "EC P-256") -> PrivateKey:
    """Make a key: `EC P-256`, `EC P-384`, `RSA 2048`, `RSA 3072` or `RSA 4096`; raises IdentityError for others."""
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind]())
    if kind in _RSA_BITS:
        return rsa.generate_private_key(public_exponent=65537, key_size=_RSA_BITS[kind])
    raise IdentityError(f"{kind!r} is not a kind of key.", fix=f"Use one of {', '.join([*_CURVES, *_RSA_BITS])}.")


def key_pem(key: PrivateKey) -> bytes:
    """PKCS#8 PEM, unencrypted: secret."""
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


def load_key(pem: bytes, *, validate: bool = True) -> PrivateKey:
    """Read an unencrypted PEM key (PKCS#8, SEC1 or PKCS#1). Raises IdentityError, without quoting what it read.

    To `validate` an RSA key takes from 40 ms (2048 bits) to a second, in which no other thread of Python runs. Without
    that its public half is known, but not whether the private one belongs to it.
    """
    if len(pem) > MAX_PEM_BYTES:
        raise IdentityError(f"A private key of {len(pem)} bytes is too large.")
    try:
        key = load_pem_private_key(pem, password=None, unsafe_skip_rsa_key_validation=not validate)
    except TypeError as error:
        raise IdentityError(
            "The private key is encrypted.", fix="Decrypt it first: openssl pkey -in KEY -out PLAIN."
        ) from error
    except (ValueError, UnsupportedAlgorithm):
        # not chained: the cause may quote the bytes of the key
        raise IdentityError("The private key cannot be read.", fix="Give an unencrypted PEM key, EC or RSA.") from None
    if not isinstance(key, get_args(PrivateKey)):
        raise IdentityError(f"A key of kind {describe_key(key.public_key())} cannot be used.", fix="Use EC or RSA.")
    assert isinstance(key, ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey)
    return key


def signing_hash(key: PrivateKey) -> hashes.SHA256 | hashes.SHA384:
    """The hash that goes with a key: SHA-384 on P-384, SHA-256 else."""
    if isinstance(key, ec.EllipticCurvePrivateKey) and key.curve.key_size > 256:
        return hashes.SHA384()
    return hashes.SHA256()


def describe_key(public_key: PublicKeyTypes) -> str:
    """Kind of a key in words: `EC P-256`, `RSA 2048`, `Ed25519`."""
    match public_key:
        case ec.EllipticCurvePublicKey():
            nist = _NIST_CURVE.fullmatch(public_key.curve.name)
            return f"EC P-{nist[1]}" if nist else f"EC {public_key.curve.name}"
        case rsa.RSAPublicKey():
            return f"RSA {public_key.key_size}"
        case dsa.DSAPublicKey():
            return f"DSA {public_key.key_size}"
        case ed25519.Ed25519PublicKey():
            return "Ed25519"
        case ed448.Ed448PublicKey():
            return "Ed448"
    return type(public_key).__name__.removesuffix("PublicKey")


def public_key_sha256(public_key: PublicKeyTypes) -> str:
    """Lower-case hexadecimal SHA-256 of the DER SubjectPublicKeyInfo."""
    der = public_key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(der).hexdigest()
