"""Check of the OCSP response that came with a handshake: RFC 6960 and RFC 6066, section 8. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509 import ocsp
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshtui.errors import IdentityError
from meshtui.findings import Check
from meshtui.identity.inspect import UNDECODABLE
from meshtui.probe.connection_checks import unasked
from meshtui.probe.question import Observation, Question

_NAME = "OCSP staple"
_FIX = "Fetch a new response of the CA's responder and put it beside the certificate (tls.ocsp-staple)."


def staple(question: Question, seen: Observation, now: datetime) -> Check | None:
    """None where no response is configured, demanded by the certificate, or presented."""
    main = seen.presenting
    if not main.presented:
        return unasked(_NAME, seen) if question.stapled else None
    leaf = main.chain[0]
    if not main.staple:
        if question.stapled or _must_staple(leaf):
            why = "one is configured" if question.stapled else "the certificate demands one (must-staple)"
            return Check(name=_NAME, passed=False, seen=f"none came with the handshake, though {why}", fix=_FIX)
        return None
    issuer = next((each for each in (*main.path[1:], *main.chain[1:]) if each.subject == leaf.issuer), None)
    try:
        return Check(name=_NAME, passed=True, seen=_verify(main.staple, leaf, issuer, now))
    except IdentityError as error:
        return Check(name=_NAME, passed=False, seen=error.message, fix=_FIX)
    except UNDECODABLE as error:
        return Check(name=_NAME, passed=False, seen=f"the response cannot be decoded: {error}", fix=_FIX)


def _verify(data: bytes, leaf: x509.Certificate, issuer: x509.Certificate | None, now: datetime) -> str:
    response = ocsp.load_der_ocsp_response(data)
    if response.response_status is not ocsp.OCSPResponseStatus.SUCCESSFUL:
        raise IdentityError(f"The responder says {response.response_status.name}.")
    single = next((each for each in response.responses if each.serial_number == leaf.serial_number), None)
    if single is None:
        raise IdentityError("The response is about another certificate.")
    if single.certificate_status is not ocsp.OCSPCertStatus.GOOD:
        raise IdentityError(f"The responder says {single.certificate_status.name}.")
    until = single.next_update_utc
    if single.this_update_utc > now:
        raise IdentityError(f"The response is not valid before {single.this_update_utc:%Y-%m-%d %H:%M}Z.")
    if until is not None and until < now:
        raise IdentityError(f"The response is too old: it was valid until {until:%Y-%m-%d %H:%M}Z.")
    words = f"good, until {until:%Y-%m-%d %H:%M}Z" if until is not None else "good"
    if issuer is None:
        return f"{words}; its signature is not checked, because the issuer is not known"
    if not any(_is_signed_by(response, signer) for signer in _signers(response, issuer)):
        raise IdentityError("The response is not signed by the certificate's issuer, nor by one that it delegated.")
    return words


def _signers(response: ocsp.OCSPResponse, issuer: x509.Certificate) -> Iterator[x509.Certificate]:
    yield issuer
    for each in response.certificates:
        try:
            purposes = each.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
            each.verify_directly_issued_by(issuer)
        except (x509.ExtensionNotFound, InvalidSignature, *UNDECODABLE):
            continue
        if ExtendedKeyUsageOID.OCSP_SIGNING in purposes:
            yield each


def _is_signed_by(response: ocsp.OCSPResponse, signer: x509.Certificate) -> bool:
    key, hashed = signer.public_key(), response.signature_hash_algorithm
    try:
        if isinstance(key, rsa.RSAPublicKey) and hashed is not None:
            key.verify(response.signature, response.tbs_response_bytes, padding.PKCS1v15(), hashed)
        elif isinstance(key, ec.EllipticCurvePublicKey) and hashed is not None:
            key.verify(response.signature, response.tbs_response_bytes, ec.ECDSA(hashed))
        else:
            return False
    except (InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _must_staple(leaf: x509.Certificate) -> bool:
    try:
        features = leaf.extensions.get_extension_for_class(x509.TLSFeature).value
    except (x509.ExtensionNotFound, *UNDECODABLE):
        return False
    return x509.TLSFeatureType.status_request in features
