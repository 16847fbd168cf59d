"""Each question about a certificate has a right answer and a clear wrong one."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence
from datetime import timedelta

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from meshtui.errors import IdentityError
from meshtui.identity.bundle import TrustBundle
from meshtui.identity.keys import new_key, public_key_sha256
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.verify import (
    verify_host,
    verify_key,
    verify_lifetime,
    verify_spiffe_rules,
    verify_svid,
)
from tests.identity.forge import HTTPBIN, NOW, Pair, ca, make, svid, usage

ROOT = ca("root")
LEAF = svid(ROOT)
BUNDLE = TrustBundle((ROOT.certificate,))


def test_a_good_svid_passes() -> None:
    """A right SVID gives its identity and its path."""
    verified = verify_svid([LEAF.certificate], BUNDLE, NOW, SpiffeId.parse(HTTPBIN))
    assert verified.spiffe_id == SpiffeId.parse(HTTPBIN)
    assert verified.path == (LEAF.certificate, ROOT.certificate)


def test_another_identity_does_not() -> None:
    """A good SVID of somebody else is refused with both names."""
    with pytest.raises(IdentityError, match=r"httpbin.*sleep"):
        verify_svid([LEAF.certificate], BUNDLE, NOW, SpiffeId.for_service_account("cluster.local", "prod", "sleep"))


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        (svid(ROOT, without=x509.SubjectAlternativeName), "no subject alternative name"),
        (svid(ROOT, []), "0 URI"),
        (svid(ROOT, [HTTPBIN, HTTPBIN]), "2 URI"),
        (svid(ROOT, ["https://example.com"]), "not a SPIFFE ID"),
        (svid(ROOT, ["spiffe://cluster.local"]), "names no workload"),
        (svid(ROOT, ["spiffe://cluster.local/a/../b"]), r"'\.\.'"),
        (svid(ROOT, without=x509.KeyUsage), "no key usage"),
        (svid(ROOT, changes=[(usage("digital_signature"), False)]), "not critical"),
        (svid(ROOT, changes=[(usage("key_encipherment"), True)]), "digital signatures"),
        (svid(ROOT, changes=[(usage("digital_signature", "key_cert_sign"), True)]), "may sign"),
        (svid(ROOT, changes=[(usage("digital_signature", "crl_sign"), True)]), "may sign"),
        (svid(ROOT, changes=[(x509.BasicConstraints(ca=True, path_length=None), True)]), "a CA's"),
        (svid(ROOT, changes=[(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), False)]), "both"),
        (
            svid(ROOT, changes=[(x509.SubjectAlternativeName([x509.UniformResourceIdentifier(HTTPBIN)]), False)]),
            "not critical",
        ),
    ],
)
def test_every_spiffe_rule_is_checked(leaf: Pair, reason: str) -> None:
    """A certificate that breaks one MUST of the X.509-SVID standard is refused for it."""
    with pytest.raises(IdentityError, match=reason):
        verify_spiffe_rules(leaf.certificate)


def test_what_spiffe_allows_passes() -> None:
    """Extra DNS names and a missing extended key usage are no fault."""
    names = x509.SubjectAlternativeName([x509.DNSName("a"), x509.UniformResourceIdentifier(HTTPBIN)])
    leaf = svid(ROOT, changes=[(names, True)], without=x509.ExtendedKeyUsage)
    assert verify_spiffe_rules(leaf.certificate) == SpiffeId.parse(HTTPBIN)


def test_both_ends_of_a_lifetime_belong_to_it() -> None:
    """A certificate is valid in its first and last second, and not one second around them."""
    leaf, second = LEAF.certificate, timedelta(seconds=1)
    verify_lifetime(leaf, leaf.not_valid_before_utc)
    verify_lifetime(leaf, leaf.not_valid_after_utc)
    for moment in (leaf.not_valid_before_utc - second, leaf.not_valid_after_utc + second):
        with pytest.raises(IdentityError):
            verify_lifetime(leaf, moment)


def test_skew_forgives_a_slow_clock_only() -> None:
    """With an allowance, a certificate from the near future is good; an expired one is not."""
    leaf, skew = LEAF.certificate, timedelta(minutes=5)
    verify_lifetime(leaf, leaf.not_valid_before_utc - skew, skew)
    with pytest.raises(IdentityError):
        verify_lifetime(leaf, leaf.not_valid_after_utc + timedelta(seconds=1), skew)


def test_the_key_must_be_the_holders() -> None:
    """A certificate on another key is refused."""
    verify_key(LEAF.certificate, public_key_sha256(LEAF.key.public_key()))
    with pytest.raises(IdentityError):
        verify_key(LEAF.certificate, public_key_sha256(new_key().public_key()))


def _server(names: Sequence[str]) -> x509.Certificate:
    general: list[x509.GeneralName] = []
    for name in names:
        try:
            general.append(x509.IPAddress(ipaddress.ip_address(name)))
        except ValueError:
            general.append(x509.DNSName(name))
    return make([(x509.SubjectAlternativeName(general), True)], subject="cn.example.com").certificate


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (["httpbin.example.com"], "httpbin.example.com", True),
        (["httpbin.example.com"], "HTTPBIN.Example.com", True),
        (["HTTPBIN.example.com"], "httpbin.example.com", True),
        (["*.example.com"], "httpbin.example.com", True),
        (["*.example.com"], "a.b.example.com", False),
        (["*.example.com"], "example.com", False),
        (["*.example.com"], ".example.com", False),
        (["h*.example.com"], "httpbin.example.com", False),
        (["*"], "localhost", False),
        (["other.example.com", "httpbin.example.com"], "httpbin.example.com", True),
        (["httpbin.example.com"], "cn.example.com", False),
        (["10.0.0.1"], "10.0.0.1", True),
        (["10.0.0.1"], "10.0.0.2", False),
        (["::1"], "0:0:0:0:0:0:0:1", True),
        (["*.0.0.1"], "10.0.0.1", False),
        (["httpbin.example.com"], "", False),
    ],
)
def test_hosts_are_matched_by_rfc_6125(names: Sequence[str], host: str, covered: bool) -> None:
    """A host is covered by its exact name, a one-label wildcard or its address, never by the common name."""
    certificate = _server(names)
    if covered:
        verify_host(certificate, host)
    else:
        with pytest.raises(IdentityError):
            verify_host(certificate, host)


def test_no_names_cover_no_host() -> None:
    """A certificate with nothing but a common name is for no host."""
    with pytest.raises(IdentityError):
        verify_host(make([], subject="httpbin.example.com").certificate, "httpbin.example.com")
