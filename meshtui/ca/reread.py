"""Is what was signed what was meant? The certificate is decoded from its bytes and compared, part by part.

A second look by other code than the one that built it: the CA does not trust its own output. Only the signature is
not verified again, which would take as long as everything else together: that key and certificate of a signer belong
together is checked when they are loaded, and every holder verifies what it gets before it uses it.
"""

from __future__ import annotations

from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtensionOID

from meshtui.ca.profile import CertificateProfile, PublicKey
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.validity import Validity

_EXTENSIONS = {
    ExtensionOID.KEY_USAGE: True,
    ExtensionOID.EXTENDED_KEY_USAGE: False,
    ExtensionOID.BASIC_CONSTRAINTS: True,
    ExtensionOID.AUTHORITY_KEY_IDENTIFIER: False,
    ExtensionOID.SUBJECT_KEY_IDENTIFIER: False,
    ExtensionOID.SUBJECT_ALTERNATIVE_NAME: True,
}
"""Exactly these are in a leaf, with their criticality."""


def check_signed(
    signed: x509.Certificate,
    *,
    profile: CertificateProfile,
    public_key: PublicKey,
    serial: int,
    validity: Validity,
    signer: x509.Certificate,
) -> None:
    """Raises RefusalError when `signed` is not the certificate that was to be signed."""
    certificate = x509.load_der_x509_certificate(signed.public_bytes(Encoding.DER))
    extensions = {each.oid: each for each in certificate.extensions}
    found: dict[x509.ObjectIdentifier, Any] = {oid: each.value for oid, each in extensions.items()}
    if not _EXTENSIONS.keys() <= found.keys():
        raise _wrong(["extensions"])
    usage = found[ExtensionOID.KEY_USAGE]
    checks = {
        "serial": certificate.serial_number == serial,
        "dates": (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        == (validity.not_before, validity.not_after),
        "end": certificate.not_valid_after_utc <= signer.not_valid_after_utc,
        "subject": not list(certificate.subject),
        "issuer": certificate.issuer == signer.subject,
        "public key": certificate.public_key() == public_key,
        "extensions": {oid: each.critical for oid, each in extensions.items()} == _EXTENSIONS,
        "names": tuple(found[ExtensionOID.SUBJECT_ALTERNATIVE_NAME]) == profile.names,
        "purposes": tuple(found[ExtensionOID.EXTENDED_KEY_USAGE]) == profile.purposes,
        "CA flag": not found[ExtensionOID.BASIC_CONSTRAINTS].ca,
        "key usage": usage.digital_signature
        and usage.key_encipherment == isinstance(public_key, rsa.RSAPublicKey)
        and not (usage.key_cert_sign or usage.crl_sign or usage.key_agreement),
    }
    wrong = [name for name, right in checks.items() if not right]
    if wrong:
        raise _wrong(wrong)


def _wrong(parts: list[str]) -> RefusalError:
    return RefusalError(
        Reason.SIGNED_WRONG,
        "CSR signing error (the CA cannot sign)",
        detail=f"The signed certificate is wrong: {', '.join(parts)}.",
    )
