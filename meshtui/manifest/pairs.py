"""Whether the key pair of a Secret is one: what Envoy would refuse is refused before it replaces anything.

Whether the pair is any good (valid now, for these hosts, strong) is not asked here: Envoy does not ask either. Whether
an RSA key is sound in itself is not asked either: that takes its time.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509 import ocsp

from meshtui.errors import IdentityError
from meshtui.identity.facts import CertificateFacts, serial_text
from meshtui.identity.inspect import UNDECODABLE, facts, load_certificates
from meshtui.identity.keys import PrivateKey, load_key, public_key_sha256
from meshtui.manifest.model import Manifest, Secret
from meshtui.manifest.secret_data import key_pair, ocsp_staple

RSA_BITS_MIN = 2048
_CURVES = (ec.SECP256R1, ec.SECP384R1, ec.SECP521R1)


def pair_problem(manifest: Manifest) -> str:
    """Why the certificate and key of a Secret cannot be used together; empty when they can, or there are none."""
    pair = key_pair(manifest) if isinstance(manifest, Secret) else None
    if pair is None or not isinstance(manifest, Secret):
        return ""
    try:
        chain = load_certificates(pair[0])
        leaf = facts(chain[0])
    except IdentityError as error:
        return f"{manifest.key}: its certificate cannot be read: {error.message}"
    try:
        key = load_key(pair[1], validate=False)
    except IdentityError as error:
        return f"{manifest.key}: its private key cannot be read: {error.message}"
    if public_key_sha256(key.public_key()) != leaf.public_key_sha256:
        return f"{manifest.key}: its private key does not match its certificate {leaf.serial}"
    problem = _key_problem(key) or _staple_problem(ocsp_staple(manifest), chain[0])
    return f"{manifest.key}: {problem}" if problem else ""


def _key_problem(key: PrivateKey) -> str:
    if isinstance(key, rsa.RSAPrivateKey):
        weak = key.key_size < RSA_BITS_MIN
        return f"its RSA key has {key.key_size} bits; Envoy takes {RSA_BITS_MIN} and more" if weak else ""
    known = isinstance(key.curve, _CURVES)
    return "" if known else f"its key is on the curve {key.curve.name}; Envoy takes P-256, P-384 and P-521"


def _staple_problem(staple: bytes | None, leaf: x509.Certificate) -> str:
    if staple is None:
        return ""
    try:
        response = ocsp.load_der_ocsp_response(staple)
        if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
            return f"its tls.ocsp-staple is no answer about a certificate: {response.response_status.name}"
        serial = response.serial_number
    except UNDECODABLE:
        return "its tls.ocsp-staple cannot be read; give one OCSP response in DER"
    if serial != leaf.serial_number:
        return (
            f"its tls.ocsp-staple is about {serial_text(serial)}, not its certificate {serial_text(leaf.serial_number)}"
        )
    return ""


def leaf_of(secret: Secret | None) -> CertificateFacts | None:
    """The certificate of a Secret; None where there is none, or none that can be read."""
    pair = key_pair(secret) if secret is not None else None
    if pair is None:
        return None
    try:
        return facts(load_certificates(pair[0])[0])
    except IdentityError:
        return None
