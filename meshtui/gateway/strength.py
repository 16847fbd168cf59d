"""Keys and signatures that are too weak, or that Envoy does not take. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from meshtui.findings import Severity
from meshtui.gateway.flaws import Code, Flaw
from meshtui.identity.inspect import UNDECODABLE
from meshtui.identity.keys import describe_key
from meshtui.identity.weak_keys import weakness

LEAST_RSA_BITS = 2048
_CURVES = ("secp256r1", "secp384r1", "secp521r1")
"""What Envoy's TLS library takes of a server."""
_STRONG = (hashes.SHA256, hashes.SHA384, hashes.SHA512)


def strength_flaws(chain: Sequence[x509.Certificate], target: str) -> Iterator[Flaw]:
    """Of the whole chain; a root's own signature does not count, since nobody checks it."""
    fix = f"meshtui rotate {target} --key-kind 'EC P-256', or bring one: --cert FILE --key FILE."
    for number, certificate in enumerate(chain, 1):
        if reason := _key(certificate):
            severity = Severity.CRITICAL if number == 1 and "Envoy" in reason else Severity.WARNING
            yield Flaw(Code.WEAK_KEY, severity, f"Certificate {number}: {reason}.", fix)
        if certificate.issuer != certificate.subject and (hashed := _weak_hash(certificate)):
            text = f"Certificate {number} is signed with {hashed}, which clients refuse."
            yield Flaw(Code.WEAK_SIGNATURE, Severity.WARNING, text, fix)


def _key(certificate: x509.Certificate) -> str:
    try:
        key = certificate.public_key()
    except UNDECODABLE:
        return f"Envoy does not know its kind of key ({certificate.public_key_algorithm_oid.dotted_string})"
    match key:
        case rsa.RSAPublicKey():
            if key.key_size < LEAST_RSA_BITS:
                return f"RSA {key.key_size} is shorter than {LEAST_RSA_BITS} bits: Envoy refuses it"
            weak = weakness(key.public_numbers().n)
            return f"its RSA key has {weak}: anybody can break it" if weak else ""
        case ec.EllipticCurvePublicKey():
            return "" if key.curve.name in _CURVES else f"Envoy does not take keys on {key.curve.name}"
    return f"Envoy does not take keys of kind {describe_key(key)}"


def _weak_hash(certificate: x509.Certificate) -> str:
    try:
        hashed = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return certificate.signature_algorithm_oid.dotted_string
    return "" if hashed is None or isinstance(hashed, _STRONG) else hashed.name.upper()
