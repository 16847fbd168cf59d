"""Certificate signing requests: made by agents, read with suspicion by the CA.

A CSR proves the possession of a key and nothing else; the names in it are reported, never obeyed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.errors import IdentityError
from meshtui.identity import pem as pem_format
from meshtui.identity.inspect import UNDECODABLE, san_texts
from meshtui.identity.keys import PrivateKey, describe_key, public_key_sha256, signing_hash
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.weak_keys import weakness

MAX_BYTES = 16 * 1024
"""An RSA 8192 request is about 3 KiB."""
MAX_NAMES = 100
MAX_NAME_LENGTH = 2048
ALLOWED_KEYS = "EC P-256, EC P-384 or RSA of 2048 to 8192 bits"

_LABELS = ("CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST")  # the second is what RFC 7468 section 7 lets parsers take
_NAMED = {
    "secp256r1": bytes.fromhex("301306072a8648ce3d020106082a8648ce3d030107"),
    "secp384r1": bytes.fromhex("301006072a8648ce3d020106052b81040022"),
}
"""AlgorithmIdentifiers of the curves."""
_HASHES = (hashes.SHA256, hashes.SHA384, hashes.SHA512)
_FIX = f"Send one PEM CERTIFICATE REQUEST with a key of kind {ALLOWED_KEYS}."


RequestKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey


@dataclass(frozen=True)
class CsrFacts:
    """What a request proves, and what it would like."""

    public_key: RequestKey
    public_key_sha256: str
    csr_sha256: str
    """Lower-case hexadecimal SHA-256 of the DER."""
    requested_names: tuple[str, ...]
    """Subject alternative names as text, for the record. Nobody has checked that the caller may have them."""


def make_csr(key: PrivateKey, spiffe_id: SpiffeId | None = None, dns: Sequence[str] = ()) -> str:
    """A PEM request with an empty subject and the given names in a critical SAN (none without names)."""
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(str(spiffe_id))] if spiffe_id else []
    names += [x509.DNSName(name) for name in dns]
    builder = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([]))
    if names:
        # critical, because the subject is empty (RFC 5280, 4.1.2.6)
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    return builder.sign(key, signing_hash(key)).public_bytes(Encoding.PEM).decode()


def read_csr(pem: str) -> CsrFacts:
    """Read and prove a request; raises IdentityError for anything but one well-formed request with an allowed key."""
    if len(pem) > MAX_BYTES:
        raise IdentityError(f"A CSR of {len(pem)} characters is too large.", fix=_FIX)
    found, text_outside = pem_format.blocks(pem.encode("utf-8", "surrogatepass"))
    if len(found) != 1 or text_outside:
        raise IdentityError(f"The CSR has {len(found)} PEM blocks or text around them.", fix=_FIX)
    block = found[0]
    if block.problem or block.label not in _LABELS:
        problem = f": {block.problem}" if block.problem else ""
        raise IdentityError(f"The PEM block {block.label!r} is not a CSR{problem}.", fix=_FIX)
    try:
        request = x509.load_der_x509_csr(block.der)
        public_key = _allowed(request.public_key())
        _check_curve_is_named(public_key, request.tbs_certrequest_bytes)
        # the key is judged first, so that no signature is checked with an absurd one
        proven = _proves_possession(request, public_key)
        names = _names(request)
    except UNDECODABLE as error:
        raise IdentityError("The CSR cannot be read.", fix=_FIX) from error
    if not proven:
        raise IdentityError("The CSR's signature was not made with its own key.", fix=_FIX)
    return CsrFacts(public_key, public_key_sha256(public_key), hashlib.sha256(block.der).hexdigest(), names)


def _allowed(public_key: PublicKeyTypes) -> RequestKey:
    match public_key:
        case ec.EllipticCurvePublicKey(curve=ec.SECP256R1() | ec.SECP384R1()):
            return public_key
        case rsa.RSAPublicKey() if 2048 <= public_key.key_size <= 8192:
            numbers = public_key.public_numbers()
            exponent = numbers.e
            # FIPS 186-5, appendix A.1: odd, above 2^16; the bound above keeps verification cheap
            if exponent % 2 == 0 or not 2**16 < exponent < 2**32:
                raise IdentityError(f"An RSA key with the exponent {hex(exponent)[:20]} is not allowed.", fix=_FIX)
            if problem := weakness(numbers.n):
                raise IdentityError(f"An RSA key with {problem} is not allowed.", fix="Make a new key.")
            return public_key
    raise IdentityError(f"A key of kind {describe_key(public_key)} is not allowed.", fix=_FIX)


def _proves_possession(request: x509.CertificateSigningRequest, public_key: RequestKey) -> bool:
    """Whether the request is signed with its own key. By the loaded key: the request's own check loads it again."""
    algorithm = request.signature_hash_algorithm
    if not isinstance(algorithm, _HASHES):
        return False
    signature, signed = request.signature, request.tbs_certrequest_bytes
    try:
        match public_key, request.signature_algorithm_parameters:
            case ec.EllipticCurvePublicKey(), ec.ECDSA() as parameters:
                public_key.verify(signature, signed, parameters)
            case rsa.RSAPublicKey(), (padding.PKCS1v15() | padding.PSS()) as parameters:
                public_key.verify(signature, signed, parameters, algorithm)
            case _:
                return False
    except InvalidSignature:
        return False
    return True


def _check_curve_is_named(public_key: RequestKey, request: bytes) -> None:
    """A curve that is spelled out instead of named is not taken (RFC 5480, 2.1.1), though it may be a good one."""
    if isinstance(public_key, ec.EllipticCurvePublicKey) and _NAMED[public_key.curve.name] not in request:
        raise IdentityError("The CSR spells out the parameters of its curve instead of naming it.", fix=_FIX)


def _names(request: x509.CertificateSigningRequest) -> tuple[str, ...]:
    names = san_texts(request.extensions)
    if len(names) > MAX_NAMES or any(len(name) > MAX_NAME_LENGTH or not name.isprintable() for name in names):
        raise IdentityError("The CSR's names are too many, too long or not printable.", fix=_FIX)
    return names
