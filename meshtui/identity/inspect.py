"""Reading certificates: strictly where they will be used, leniently where a person wants to see what is there.

Never returns, quotes or decodes a private key.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import SignatureAlgorithmOID

from meshtui.errors import IdentityError
from meshtui.identity import pem as pem_format
from meshtui.identity.facts import CertificateFacts, serial_text
from meshtui.identity.keys import describe_key, public_key_sha256

CERTIFICATE_LABELS = ("CERTIFICATE", "X509 CERTIFICATE")
"""Labels that RFC 7468, section 5.1 knows for a plain certificate."""

UNDECODABLE = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.InvalidVersion,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
)
"""What the cryptography package raises while it decodes a part of a certificate or request."""

_KINDS = {
    "CERTIFICATE": "certificate",
    "X509 CERTIFICATE": "certificate",
    "CERTIFICATE REQUEST": "csr",
    "NEW CERTIFICATE REQUEST": "csr",
    "X509 CRL": "crl",
    "PUBLIC KEY": "public key",
}
_SIGNATURES = {
    SignatureAlgorithmOID.ECDSA_WITH_SHA256: "ecdsa-with-SHA256",
    SignatureAlgorithmOID.ECDSA_WITH_SHA384: "ecdsa-with-SHA384",
    SignatureAlgorithmOID.ECDSA_WITH_SHA512: "ecdsa-with-SHA512",
    SignatureAlgorithmOID.RSA_WITH_SHA256: "sha256WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA384: "sha384WithRSAEncryption",
    SignatureAlgorithmOID.RSA_WITH_SHA512: "sha512WithRSAEncryption",
    SignatureAlgorithmOID.RSASSA_PSS: "rsassaPss",
    SignatureAlgorithmOID.RSA_WITH_SHA1: "sha1WithRSAEncryption",
    SignatureAlgorithmOID.ECDSA_WITH_SHA1: "ecdsa-with-SHA1",
    SignatureAlgorithmOID.ED25519: "Ed25519",
    SignatureAlgorithmOID.ED448: "Ed448",
}


@dataclass(frozen=True)
class Found:
    """One block of a file."""

    position: int
    """Counted from 1."""
    kind: str
    """`certificate`, `private key`, `csr`, `crl`, `public key`, another label in lower case, or `unknown`."""
    facts: CertificateFacts | None = None
    """Of a certificate that could be read."""
    problem: str = ""
    """Why it could not be read; empty when it could, and for kinds that are not decoded."""


def facts(certificate: x509.Certificate) -> CertificateFacts:
    """What a certificate says. Raises IdentityError when a part of it cannot be decoded."""
    with _decoding():
        kind, digest = _public_key(certificate)
        extensions = certificate.extensions
        return CertificateFacts(
            serial=serial_text(certificate.serial_number),
            subject=certificate.subject.rfc4514_string(),
            sans=san_texts(extensions),
            issuer=certificate.issuer.rfc4514_string(),
            not_before=certificate.not_valid_before_utc,
            not_after=certificate.not_valid_after_utc,
            sha256=certificate.fingerprint(hashes.SHA256()).hex(),
            key=kind,
            public_key_sha256=digest,
            signature=_SIGNATURES.get(
                certificate.signature_algorithm_oid, certificate.signature_algorithm_oid.dotted_string
            ),
            is_ca=_is_ca(extensions),
        )


@contextmanager
def _decoding() -> Iterator[None]:
    """Errors become IdentityError; warnings (a serial that is not positive) are dropped, since all of it is shown."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            yield
        except UNDECODABLE as error:
            raise IdentityError(f"The certificate cannot be decoded: {error}.") from error


def load_der(der: bytes) -> x509.Certificate:
    """One certificate in DER; raises IdentityError."""
    with _decoding():
        return x509.load_der_x509_certificate(der)


def load_der_whole(der: bytes) -> x509.Certificate:
    """The same with its extensions decoded, which is otherwise left to whoever first asks for one."""
    with _decoding():
        certificate = x509.load_der_x509_certificate(der)
        certificate.extensions  # noqa: B018 - reading is decoding
        return certificate


def _public_key(certificate: x509.Certificate) -> tuple[str, str]:
    try:
        public_key = certificate.public_key()
    except UnsupportedAlgorithm:
        return certificate.public_key_algorithm_oid.dotted_string, ""
    return describe_key(public_key), public_key_sha256(public_key)


def _is_ca(extensions: x509.Extensions) -> bool:
    try:
        return extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except x509.ExtensionNotFound:
        return False


def san_texts(extensions: x509.Extensions) -> tuple[str, ...]:
    """Subject alternative names in their order, each as text."""
    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return ()
    return tuple(_name_text(name) for name in names)


def _name_text(name: x509.GeneralName) -> str:
    match name:
        case x509.DirectoryName():
            return name.value.rfc4514_string()
        case x509.RegisteredID():
            return f"oid:{name.value.dotted_string}"
        case x509.OtherName():
            return f"other:{name.type_id.dotted_string}"
    return str(name.value)


def load_certificates(pem: bytes | str, *, text_allowed: bool = True) -> tuple[x509.Certificate, ...]:
    """Every certificate of a PEM text, in order.

    Raises IdentityError when there is none, when a block is damaged or of another kind and, unless `text_allowed`
    (RFC 7468, section 5.2: explanations around the blocks), when there is anything between the blocks.
    """
    data = pem.encode("utf-8", "surrogatepass") if isinstance(pem, str) else pem
    found, text_outside = pem_format.blocks(data)
    if text_outside and not text_allowed:
        raise IdentityError("There is text between the PEM blocks.")
    if not found:
        raise IdentityError("There is no PEM certificate.", fix="Give blocks that begin with BEGIN CERTIFICATE.")
    return tuple(_load(position, block) for position, block in enumerate(found, 1))


def _load(position: int, block: pem_format.PemBlock) -> x509.Certificate:
    if block.problem:
        raise IdentityError(f"PEM block {position} is damaged: {block.problem}.")
    if block.label not in CERTIFICATE_LABELS:
        raise IdentityError(f"PEM block {position} is a {block.label}, not a certificate.")
    try:
        return load_der(block.der)
    except IdentityError as error:
        raise IdentityError(f"PEM block {position}: {error.message}") from error


def survey(data: bytes) -> tuple[Found, ...]:
    """Everything in a file, each block by itself, so that a broken one does not hide its neighbours.

    Takes PEM, or a single DER certificate. Empty when there is nothing. Raises IdentityError when it is too large.
    """
    found, text_outside = pem_format.blocks(data)
    if found:
        return tuple(_found(position, block) for position, block in enumerate(found, 1))
    if not text_outside:
        return ()
    try:
        return (Found(1, "certificate", facts(load_der(data))),)
    except IdentityError:
        return (Found(1, "unknown", problem="It is neither PEM nor a DER certificate."),)


def _found(position: int, block: pem_format.PemBlock) -> Found:
    kind = "private key" if block.label.endswith("PRIVATE KEY") else _KINDS.get(block.label, block.label.lower())
    if block.problem:
        return Found(position, kind or "unknown", problem=f"The block is damaged: {block.problem}.")
    if kind != "certificate":
        return Found(position, kind)
    try:
        return Found(position, kind, facts(_load(position, block)))
    except IdentityError as error:
        return Found(position, kind, problem=error.message)
