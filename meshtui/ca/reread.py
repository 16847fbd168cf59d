"""Is what was signed what was meant? The certificate is decoded from its bytes and compared, part by part.

A second look by other code than the one that built it: the CA does not trust its own output.
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
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
    extensions = certificate.extensions
    usage = extensions.get_extension_for_class(x509.KeyUsage).value
    checks = {
        "serial": certificate.serial_number == serial,
        "dates": (certificate.not_valid_before_utc, certificate.not_valid_after_utc)
        == (validity.not_before, validity.not_after),
        "end": certificate.not_valid_after_utc <= signer.not_valid_after_utc,
        "subject": not list(certificate.subject),
        "issuer": certificate.issuer == signer.subject,
        "public key": certificate.public_key() == public_key,
        "extensions": {each.oid: each.critical for each in extensions} == _EXTENSIONS,
        "names": tuple(extensions.get_extension_for_class(x509.SubjectAlternativeName).value) == profile.names,
        "purposes": tuple(extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == profile.purposes,
        "CA flag": not extensions.get_extension_for_class(x509.BasicConstraints).value.ca,
        "key usage": usage.digital_signature
        and usage.key_encipherment == isinstance(public_key, rsa.RSAPublicKey)
        and not (usage.key_cert_sign or usage.crl_sign or usage.key_agreement),
        "signature": _signature_fits(certificate, signer),
    }
    wrong = [name for name, right in checks.items() if not right]
    if wrong:
        raise RefusalError(
            Reason.SIGNED_WRONG,
            "CSR signing error (the CA cannot sign)",
            detail=f"The signed certificate is wrong: {', '.join(wrong)}.",
        )


def _signature_fits(certificate: x509.Certificate, signer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(signer)
    except (InvalidSignature, ValueError, TypeError):
        return False
    return True
