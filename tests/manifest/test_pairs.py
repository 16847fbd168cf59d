"""Key pairs that Envoy would refuse."""

from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509 import ocsp

from meshtui.identity.facts import serial_text
from meshtui.identity.keys import new_key
from meshtui.manifest.pairs import pair_problem
from tests.identity import forge
from tests.manifest.secrets import secret, tls_secret
from tests.manifest.writing import document, read

ROOT = forge.ca("root")
PAIR = forge.server(ROOT, "a.example.com")
SERIAL = serial_text(PAIR.certificate.serial_number)


def problem(written: dict[str, Any]) -> str:
    (found,) = read(written)
    return pair_problem(found)


@pytest.mark.parametrize(
    "key", [new_key(), new_key("EC P-384"), ec.generate_private_key(ec.SECP521R1()), forge.rsa_key()]
)
def test_pairs_that_envoy_takes(key: Any) -> None:
    """The NIST curves, and RSA of 2048 bits and more; also under Istio's older names; and text around the blocks."""
    pair = forge.server(ROOT, "a.example.com", key=key)
    written = tls_secret("a", pair, {"ca.crt": "not looked at here"})
    assert problem(written) == ""
    assert problem(secret("a", {"cert": f"subject: me\n{pair.pem}", "key": _pem(key)})) == ""


def _pem(key: Any, encryption: Any = None) -> bytes:
    pem: bytes = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption())
    return pem


def test_what_has_no_pair_has_no_problem() -> None:
    """Neither other kinds nor other Secrets are looked into."""
    assert problem(document("ServiceAccount", "a")) == ""
    assert problem(secret("a", {"ca.crt": ROOT.pem})) == ""


def test_keys_that_do_not_fit_or_cannot_be_read() -> None:
    """Said without a byte of the key."""
    encrypted = _pem(PAIR.key, BestAvailableEncryption(b"password"))
    assert problem(tls_secret("a", PAIR, key_of=ROOT)) == (
        f"Secret istio-system/a: its private key does not match its certificate {SERIAL}"
    )
    assert problem(tls_secret("a", PAIR, {"tls.key": encrypted})).endswith("The private key is encrypted.")
    assert problem(tls_secret("a", PAIR, {"tls.key": "x"})).endswith("The private key cannot be read.")
    key = ed25519.Ed25519PrivateKey.generate()
    assert "A key of kind Ed25519 cannot be used." in problem(tls_secret("a", PAIR, {"tls.key": _pem(key)}))


def test_certificates_that_cannot_be_read() -> None:
    """A broken block among good ones is one: Envoy takes none of them then."""
    broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
    found = problem(tls_secret("a", PAIR, {"tls.crt": PAIR.pem + broken}))
    assert found.startswith("Secret istio-system/a: its certificate cannot be read: PEM block 2: ")


def test_keys_that_envoy_does_not_take() -> None:
    """RSA below 2048 bits, and curves that TLS does not have."""
    weak, odd = rsa.generate_private_key(65537, 1024), ec.generate_private_key(ec.SECP256K1())
    assert problem(tls_secret("a", forge.server(ROOT, "a", key=weak))).endswith(
        "its RSA key has 1024 bits; Envoy takes 2048 and more"
    )
    assert problem(tls_secret("a", forge.server(ROOT, "a", key=odd))).endswith(
        "its key is on the curve secp256k1; Envoy takes P-256, P-384 and P-521"
    )


def test_a_staple_belongs_to_its_certificate() -> None:
    """One of another certificate, or none at all, takes the pair down with it; one that is too old does not."""
    other = forge.server(ROOT, "b.example.com")
    late = ocsp.OCSPResponseBuilder.build_unsuccessful(ocsp.OCSPResponseStatus.TRY_LATER).public_bytes(Encoding.DER)

    def stapled(response: bytes) -> str:
        return problem(tls_secret("a", PAIR, {"tls.ocsp-staple": response})).partition("tls.ocsp-staple ")[2]

    assert stapled(forge.ocsp_response(ROOT, PAIR)) == ""
    assert stapled(forge.ocsp_response(ROOT, PAIR, end=forge.NOW)) == ""
    named = serial_text(other.certificate.serial_number)
    assert stapled(forge.ocsp_response(ROOT, other)) == f"is about {named}, not its certificate {SERIAL}"
    assert stapled(b"x") == "cannot be read; give one OCSP response in DER"
    assert stapled(late) == "is no answer about a certificate: TRY_LATER"
