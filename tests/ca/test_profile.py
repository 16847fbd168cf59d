"""What the CA puts into a certificate, extension by extension, and that a second look finds every other one."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshtui.ca.profile import (
    CertificateProfile,
    gateway_root_subject,
    is_dns_name,
    mesh_root_subject,
    root_builder,
    server_profile,
    workload_profile,
)
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.reread import check_signed
from meshtui.ca.signer import Signer, new_serial
from meshtui.ca.validity import Validity
from meshtui.identity.keys import new_key
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.verify import verify_spiffe_rules
from tests.identity.forge import HTTPBIN, NOW, Pair, make, svid, usage

KEY = new_key()
ROOT_KEY = new_key()
ROOT = root_builder(mesh_root_subject("cluster.local"), ROOT_KEY.public_key(), 7, NOW).sign(ROOT_KEY, hashes.SHA256())
SIGNER = Signer("root", ROOT, ROOT_KEY)
VALIDITY = Validity(NOW - timedelta(minutes=2), NOW + timedelta(hours=1), "request")
PROFILE = workload_profile(SpiffeId.parse(HTTPBIN))


def _extensions(certificate: x509.Certificate) -> dict[str, tuple[x509.ExtensionType, bool]]:
    return {type(each.value).__name__: (each.value, each.critical) for each in certificate.extensions}


def test_a_workloads_certificate() -> None:
    """An SVID has an empty subject, one critical URI, and may sign but not encipher with an EC key."""
    certificate = SIGNER.sign(PROFILE.builder(KEY.public_key(), 5, VALIDITY, ROOT))
    key_id = ROOT.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value.digest
    assert not list(certificate.subject)
    assert _extensions(certificate) == {
        "KeyUsage": (usage("digital_signature"), True),
        "ExtendedKeyUsage": (
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]),
            False,
        ),
        "BasicConstraints": (x509.BasicConstraints(ca=False, path_length=None), True),
        "AuthorityKeyIdentifier": (x509.AuthorityKeyIdentifier(key_id, None, None), False),
        "SubjectKeyIdentifier": (x509.SubjectKeyIdentifier.from_public_key(KEY.public_key()), False),
        "SubjectAlternativeName": (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(HTTPBIN)]), True),
    }
    assert verify_spiffe_rules(certificate) == SpiffeId.parse(HTTPBIN)


def test_rsa_keys_may_encipher() -> None:
    """Key encipherment is for RSA keys only (RFC 8813)."""
    certificate = SIGNER.sign(PROFILE.builder(new_key("RSA 2048").public_key(), 5, VALIDITY, ROOT))
    expected = usage("digital_signature", "key_encipherment")
    assert _extensions(certificate)["KeyUsage"] == (expected, True)


def test_a_gateways_certificate() -> None:
    """Hosts become DNS and IP names as they stand, for servers only."""
    profile = server_profile(["httpbin.example.com", "*.example.com", "10.0.0.1", "::1"])
    assert profile.texts == ("httpbin.example.com", "*.example.com", "10.0.0.1", "::1")
    assert [type(name).__name__ for name in profile.names] == ["DNSName", "DNSName", "IPAddress", "IPAddress"]
    assert profile.purposes == (ExtendedKeyUsageOID.SERVER_AUTH,)


@pytest.mark.parametrize(
    "hosts",
    [
        *([], [""], ["*"], ["*.*.example.com"], ["a*.example.com"], ["Example.com"], ["a b"], ["example.com."]),
        *(["a,b"], ["a\x00.example.com"], ["spiffe://a/b"], ["a" * 64], ["x"] * 101, ["éxample.com"], ["-a.com"]),
    ],
)
def test_other_hosts_are_refused(hosts: list[str]) -> None:
    """Nothing that is not a host name gets into a certificate."""
    with pytest.raises(RefusalError) as caught:
        server_profile(hosts)
    assert caught.value.reason is Reason.BAD_HOST


def test_dns_names_are_safe_file_names() -> None:
    """The rule for gateway authorities leaves no way out of a directory."""
    assert is_dns_name("example.com")
    assert not any(is_dns_name(text) for text in ("", ".", "..", "a/b", "a\\b", "a..b", ".a", "a\n", "A", "*.a"))


def test_a_root() -> None:
    """A root may sign certificates and CRLs, has a key identifier, and lives ten years."""
    assert _extensions(ROOT)["BasicConstraints"] == (x509.BasicConstraints(ca=True, path_length=None), True)
    assert _extensions(ROOT)["KeyUsage"] == (usage("key_cert_sign", "crl_sign"), True)
    assert ROOT.not_valid_after_utc == NOW + timedelta(days=3650)
    assert ROOT.subject.rfc4514_string() == "O=cluster.local"


def test_gateway_roots_are_named() -> None:
    """A common name that would be too long is left out; the organisation stays."""
    assert gateway_root_subject("example.com").rfc4514_string() == "CN=example.com root,O=example.com"
    assert "CN=" not in gateway_root_subject("a." * 40 + "com").rfc4514_string()


def test_serials_are_random_and_positive() -> None:
    """A thousand serials are a thousand different positive numbers of at most 128 bits."""
    serials = {new_serial() for _ in range(1000)}
    assert len(serials) == 1000
    assert all(0 < serial < 2**128 for serial in serials)


def _recheck(signed: x509.Certificate, **changes: Any) -> None:
    expected: dict[str, Any] = {
        "profile": PROFILE,
        "public_key": KEY.public_key(),
        "serial": 5,
        "validity": VALIDITY,
        "signer": ROOT,
    }
    check_signed(signed, **{**expected, **changes})


def test_a_right_certificate_passes_the_second_look() -> None:
    """What was meant is what was signed."""
    _recheck(SIGNER.sign(PROFILE.builder(KEY.public_key(), 5, VALIDITY, ROOT)))


@pytest.mark.parametrize(
    ("wrong", "changes"),
    [
        ("serial", {"serial": 6}),
        ("public key", {"public_key": new_key().public_key()}),
        ("dates", {"validity": replace(VALIDITY, not_after=NOW)}),
        ("names", {"profile": workload_profile(SpiffeId.parse("spiffe://cluster.local/ns/prod/sa/sleep"))}),
        ("purposes", {"profile": CertificateProfile(PROFILE.names, (ExtendedKeyUsageOID.SERVER_AUTH,))}),
        ("issuer", {"signer": make([], subject="another").certificate}),
    ],
)
def test_any_difference_is_found(wrong: str, changes: dict[str, Any]) -> None:
    """A certificate that differs in one point from what was meant is not handed out."""
    certificate = SIGNER.sign(PROFILE.builder(KEY.public_key(), 5, VALIDITY, ROOT))
    with pytest.raises(RefusalError) as caught:
        _recheck(certificate, **changes)
    assert wrong in caught.value.detail


def test_an_extra_extension_is_found() -> None:
    """A leaf that carries more than its profile says is not handed out."""
    root = Pair(ROOT, ROOT_KEY)
    extra = x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3"), b"\x05\x00")
    for signed in (svid(root, changes=[(extra, False)]), svid(root, changes=[(usage("key_cert_sign"), True)])):
        with pytest.raises(RefusalError):
            _recheck(signed.certificate)
    with pytest.raises(RefusalError):
        _recheck(make([], issuer=root).certificate)
