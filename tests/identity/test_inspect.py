"""Certificates are described as they are, and one that is broken does not hide the others."""

from __future__ import annotations

import ipaddress

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding
from hypothesis import given, settings
from hypothesis import strategies as st

from meshtui.errors import IdentityError
from meshtui.identity.csr import make_csr
from meshtui.identity.inspect import facts, load_certificates, survey
from meshtui.identity.keys import key_pem, public_key_sha256
from tests.identity.forge import HTTPBIN, NOW, ca, make, svid

ROOT = ca("root")
LEAF = svid(ROOT)


def test_facts_of_an_svid() -> None:
    """Every field says what the certificate says."""
    said = facts(LEAF.certificate)
    assert int(said.serial, 16) == LEAF.certificate.serial_number
    assert len(said.serial) % 2 == 0
    assert said.subject == ""
    assert said.sans == (HTTPBIN,)
    assert said.issuer == "CN=root"
    assert said.not_after > NOW
    assert said.not_after.utcoffset() is not None
    assert said.sha256 == LEAF.certificate.fingerprint(hashes.SHA256()).hex()
    assert said.key == "EC P-256"
    assert said.public_key_sha256 == public_key_sha256(LEAF.key.public_key())
    assert said.signature == "ecdsa-with-SHA256"
    assert (said.is_ca, facts(ROOT.certificate).is_ca) == (False, True)


def test_every_kind_of_name_has_a_text() -> None:
    """Names that are neither URI nor DNS name are shown, not dropped."""
    names = x509.SubjectAlternativeName(
        [
            x509.DNSName("*.example.com"),
            x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
            x509.RFC822Name("a@example.com"),
            x509.DirectoryName(ROOT.certificate.subject),
            x509.RegisteredID(x509.ObjectIdentifier("1.2.3")),
            x509.OtherName(x509.ObjectIdentifier("1.2.4"), b"\x05\x00"),
        ]
    )
    certificate = make([(names, True)]).certificate
    expected = ("*.example.com", "10.0.0.1", "a@example.com", "CN=root", "oid:1.2.3", "other:1.2.4")
    assert expected == facts(certificate).sans


def test_certificates_are_loaded_in_order_with_explanations() -> None:
    """A file as `openssl x509 -text` writes it is read."""
    assert (LEAF.certificate, ROOT.certificate) == load_certificates(f"leaf\n{LEAF.pem}root\n{ROOT.pem}")


@pytest.mark.parametrize(
    "text", ["", "nothing", LEAF.pem[:-40], LEAF.pem + key_pem(LEAF.key).decode(), LEAF.pem.replace("MII", "MIIB", 1)]
)
def test_a_file_with_anything_else_is_not_loaded(text: str) -> None:
    """Where certificates are going to be used, one bad block spoils the file."""
    with pytest.raises(IdentityError):
        load_certificates(text)


def test_explanations_can_be_refused() -> None:
    """A CA's answer has nothing between its certificates."""
    with pytest.raises(IdentityError):
        load_certificates("hello\n" + LEAF.pem, text_allowed=False)


def test_a_survey_shows_all_and_no_secret() -> None:
    """Every block of a file is listed with its kind; keys without content, broken ones with their problem."""
    broken = LEAF.pem.replace("MII", "AAA", 1)
    data = LEAF.pem + broken + key_pem(LEAF.key).decode() + make_csr(LEAF.key) + ROOT.pem + LEAF.pem[:100]
    found = survey(data.encode())
    kinds = ["certificate", "certificate", "private key", "csr", "certificate", "certificate"]
    assert list(enumerate(kinds, 1)) == [(each.position, each.kind) for each in found]
    assert [each.facts is not None for each in found] == [True, False, False, False, True, False]
    assert [each.position for each in found if each.facts] == [1, 5]
    assert [bool(each.problem) for each in found] == [False, True, False, False, False, True]
    assert key_pem(LEAF.key).decode().splitlines()[1] not in repr(found)


def test_a_der_certificate_is_surveyed() -> None:
    """A file with one certificate in DER is read as well; other binary data is named unknown, nothing is nothing."""
    (found,) = survey(LEAF.certificate.public_bytes(Encoding.DER))
    assert found.facts == facts(LEAF.certificate)
    (unknown,) = survey(b"\x30\x03\x02\x01\x05")
    assert (unknown.kind, bool(unknown.problem)) == ("unknown", True)
    assert survey(b"") == ()


def test_a_serial_that_is_not_positive_is_shown() -> None:
    """Zero and negative serials are against RFC 5280 and exist; they are described like any other."""
    der = LEAF.certificate.public_bytes(Encoding.DER)
    start = der.index(b"\xa0\x03\x02\x01\x02\x02") + 7  # after the version: tag and length of the serial
    negative = der[:start] + b"\x80" + der[start + 1 :]
    (found,) = survey(negative)
    assert found.facts is not None
    assert found.facts.serial.startswith("-")


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_damage_never_crashes_a_survey(data: st.DataObject) -> None:
    """A certificate with bytes changed at random is described or has a problem."""
    der = bytearray(LEAF.certificate.public_bytes(Encoding.DER))
    for _ in range(data.draw(st.integers(1, 4))):
        der[data.draw(st.integers(0, len(der) - 1))] = data.draw(st.integers(0, 255))
    for found in survey(bytes(der)):
        assert (found.facts is None) == bool(found.problem)
