"""Every way in which the chain from a host to its certificate can be broken: a manifest with it, and one without."""

from __future__ import annotations

import json
import shlex
import subprocess
import tempfile
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import AuthorityInformationAccessOID

from meshtui.findings import Severity
from meshtui.gateway.edge import Edge
from meshtui.gateway.issuers import NO_ROOTS
from meshtui.identity.keys import key_pem, new_key
from tests.gateway.edges import HOST, MIDDLE, ROOT, ROOTS, TARGET, edge, findings, leaf, pair, secret, simple
from tests.identity import forge
from tests.identity.forge import NOW
from tests.manifest.test_catalog import ingress
from tests.manifest.writing import document, gateway, https, read, to, virtual_service

GOOD = leaf()
KEY = key_pem(GOOD.key)
BROKEN = "-----BEGIN CERTIFICATE-----\nnot base64!\n-----END CERTIFICATE-----\n"
WEAK = rsa.generate_private_key(65537, 1024)
ENCRYPTED = GOOD.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret words"))
ED25519 = ed25519.Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
FETCH = x509.AuthorityInformationAccess(
    [x509.AccessDescription(AuthorityInformationAccessOID.CA_ISSUERS, x509.UniformResourceIdentifier("http://ca/i"))]
)
SELF_SIGNED = forge.ca("own", key=GOOD.key)


def test_a_good_pair_has_no_findings() -> None:
    """Leaf alone, with its intermediate, with its root, under the generic names, on RSA: nothing is wrong."""
    below = leaf(issuer=MIDDLE)
    generic: dict[str, Any] = {
        name.replace("tls_crt", "cert").replace("tls_key", "key"): value for name, value in pair(GOOD).items()
    }
    good: tuple[dict[str, Any], ...] = (
        pair(GOOD),
        pair(below, MIDDLE),
        pair(below, MIDDLE, ROOT),
        pair(GOOD, ca_crt=ROOT.pem),
        pair(leaf(key=new_key("RSA 2048"))),
    )
    for data in good:
        assert findings(simple(), secret(**data)) == {}
    assert findings(simple(), secret(kind="Opaque", **generic)) == {}


@pytest.mark.parametrize(
    ("code", "data", "words"),
    [
        ("secret-wrong-keys", {"cert_pem": GOOD.pem, "key_pem": KEY}, "It has the keys cert.pem, key.pem, not tls.crt"),
        ("secret-wrong-keys", {"cert": GOOD.pem}, "It has cert but no key."),
        ("secret-empty", {}, "It holds nothing."),
        ("secret-empty", {"tls_crt": "", "tls_key": ""}, "tls.crt and tls.key in it are empty."),
        ("pem-broken", {"tls_crt": GOOD.pem + BROKEN, "tls_key": KEY}, "block 2 is broken"),
        ("pem-broken", {"tls_crt": GOOD.pem + BROKEN, "tls_key": KEY}, "the other 1 of 2 can be read"),
        ("pem-broken", {"tls_crt": GOOD.pem + KEY.decode(), "tls_key": KEY}, "block 2 is a PRIVATE KEY"),
        ("pem-broken", {"tls_crt": "hello", "tls_key": KEY}, "there is no PEM block in it"),
        ("pem-broken", {"tls_crt": " ", "tls_key": KEY}, "it is blank"),
        ("key-mismatch", {"tls_crt": GOOD.pem, "tls_key": key_pem(new_key())}, "does not match the certificate"),
        ("key-encrypted", {"tls_crt": GOOD.pem, "tls_key": ENCRYPTED}, "is encrypted"),
        ("key-unreadable", {"tls_crt": GOOD.pem, "tls_key": "hello"}, "it is no PEM key"),
        ("key-unreadable", {"tls_crt": GOOD.pem, "tls_key": ED25519}, "this one is Ed25519"),
        ("leaf-not-first", {"tls_crt": ROOT.pem + GOOD.pem, "tls_key": KEY}, "The key belongs to certificate 2"),
        (
            "leaf-not-first",
            {"tls_crt": ROOT.pem + GOOD.pem, "tls_key": key_pem(new_key())},
            "The server's certificate is number 2",
        ),
        ("only-ca", {"tls_crt": ROOT.pem, "tls_key": KEY}, "All of its certificates are a CA's"),
        ("weak-key", pair(leaf(key=WEAK)), "RSA 1024 is shorter than 2048 bits"),
        ("weak-key", pair(leaf(key=ec.generate_private_key(ec.SECP256K1()))), "does not take keys on secp256k1"),
        ("outlives-issuer", pair(leaf(issuer=MIDDLE, end=NOW + timedelta(days=90)), MIDDLE), "CN=edge intermediate"),
        ("chain-incomplete", pair(GOOD, MIDDLE), "issued by CN=edge root, and number 2 is CN=edge intermediate"),
        ("chain-incomplete", pair(leaf(issuer=MIDDLE, more=[(FETCH, False)])), "an intermediate is missing"),
        ("host-not-covered", pair(leaf("b.example.com")), "does not cover a.example.com: it is for b.example.com"),
    ],
)
def test_what_is_wrong_with_a_secret(code: str, data: dict[str, Any], words: str) -> None:
    """Each has its code, says in words what was found, names a fix, and who suffers; a good pair has none of it."""
    found = findings(simple(), secret(**data) if "tls_crt" in data or not data else secret(kind="Opaque", **data))
    assert code in found
    assert words in found[code].text
    assert found[code].fix
    assert found[code].affects[:2] == (f"host {HOST}", "Gateway prod/one")
    assert code not in findings(simple(), secret(**pair(GOOD)))


def test_no_finding_shows_a_key() -> None:
    """Whatever is wrong with it, nothing of a private key is in any text."""
    lines = {line for line in (KEY + ENCRYPTED + ED25519).decode().splitlines() if not line.startswith("-----")}
    bad: tuple[dict[str, Any], ...] = (
        {"tls_crt": KEY, "tls_key": GOOD.pem},
        {"tls_crt": GOOD.pem + KEY.decode(), "tls_key": ENCRYPTED},
    )
    for data in bad:
        said = " ".join(finding.text + finding.fix for finding in findings(simple(), secret(**data)).values())
        assert said
        assert not [line for line in lines if line in said]


def test_a_missing_secret() -> None:
    """The one that a Gateway names beside its workload, wherever else there is one of that name."""
    found = findings(simple(), secret(namespace="prod", **pair(GOOD)))
    assert found.keys() == {"secret-missing"}
    assert found["secret-missing"].fix == f"meshtui issue {TARGET}"
    assert found["secret-missing"].severity is Severity.CRITICAL


def test_a_service_account_that_may_not_read_the_secret() -> None:
    """The gateway gets nothing, however good the Secret is; to apply the fix's document is to be rid of it."""
    account = document("ServiceAccount", "default", "edge")
    account["metadata"]["annotations"] = {"meshtui.io/secrets": "none", "owner": "it's us"}
    found = findings(simple(), secret(**pair(GOOD)), account)
    assert found.keys() == {"reference-forbidden"}
    forbidden = found["reference-forbidden"]
    assert forbidden.severity is Severity.CRITICAL
    assert "service account edge/default may not read the Secrets" in forbidden.text
    assert forbidden.affects == (f"host {HOST}", "Gateway prod/one")
    words = shlex.split(forbidden.fix.removeprefix("Let it: "))
    assert words[:2] + words[3:] == ["printf", "%s", "|", "meshtui", "apply", "--yes", "-f", "-"]
    account["metadata"]["annotations"] = {"owner": "it's us"}
    assert json.loads(words[2]) == account
    assert findings(simple(), secret(**pair(GOOD)), json.loads(words[2])) == {}


def test_a_self_signed_ca_as_a_server_works_and_is_worth_a_word() -> None:
    """What `openssl req -x509` makes by default: Envoy takes it, so that it is a warning only."""
    found = findings(simple(), secret(tls_crt=SELF_SIGNED.pem, tls_key=KEY))
    assert found["only-ca"].severity is Severity.WARNING
    assert "key-mismatch" not in found


@pytest.mark.parametrize(
    ("names", "subject", "host", "words"),
    [
        (("*.example.com",), "", "x.y.example.com", "one label"),
        (("b.example.com",), HOST, HOST, "common name only"),
        (("bücher.example.com",), "", "xn--bcher-kva.example.com", "must be xn--bcher-kva.example.com"),
        (("a.example.com",), "", "*.example.com", "only a certificate for *.example.com covers"),
    ],
)
def test_why_a_host_is_not_covered(names: tuple[str, ...], subject: str, host: str, words: str) -> None:
    """Wildcards one label deep, common names, internationalised names: the text says what fools the eye."""
    found = findings(simple(host), secret(**pair(leaf(*names, subject=subject))))
    assert words in found["host-not-covered"].text


@pytest.mark.parametrize(
    ("names", "host"),
    [
        (("*.example.com",), "a.example.com"),
        (("A.Example.COM",), "a.example.com"),
        (("*.example.com",), "*.example.com"),
        (("xn--bcher-kva.example.com",), "xn--bcher-kva.example.com"),
        (("other",), "*"),
    ],
)
def test_hosts_that_are_covered(names: tuple[str, ...], host: str) -> None:
    """Wildcards for one label, names in any case, A-labels; a server for any host is not judged."""
    assert findings(simple(host), secret(**pair(leaf(*names)))) == {}


def test_the_clock() -> None:
    """Expired, not yet valid, and an intermediate that dies before its leaf: said when it is so, and only then."""
    below = leaf(issuer=MIDDLE, end=NOW + timedelta(days=60))
    documents = simple(), secret(**pair(below, MIDDLE))
    codes = {
        days: {code for code in findings(*documents, now=NOW + timedelta(days=days)) if code != "outlives-issuer"}
        for days in (-3, 0, 55, 65)
    }
    assert codes == {-3: {"not-yet-valid"}, 0: set(), 55: {"chain-expired"}, 65: {"expired", "chain-expired"}}


def test_weak_signatures() -> None:
    """A leaf that is signed with SHA-1 is told; a root's own signature does not matter."""
    found = findings(simple(), secret(**pair(_sha1_signed())))
    assert "SHA1" in found["weak-signature"].text
    assert "weak-signature" not in findings(simple(), secret(**pair(GOOD, ROOT)))


def _sha1_signed() -> forge.Pair:
    """OpenSSL still signs so; the cryptography package only reads it."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "ca.pem").write_text(ROOT.pem)
        (place / "ca.key").write_bytes(key_pem(ROOT.key))
        (place / "key").write_bytes(KEY)
        (place / "ext").write_text(f"subjectAltName=DNS:{HOST}\n")
        request = ["openssl", "req", "-new", "-key", "key", "-subj", "/CN=x", "-out", "csr"]
        subprocess.run(request, cwd=place, check=True, capture_output=True)
        sign = ["openssl", "x509", "-req", "-in", "csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-sha1", "-days", "9"]
        done = subprocess.run([*sign, "-extfile", "ext"], cwd=place, check=True, capture_output=True)
    return forge.Pair(x509.load_pem_x509_certificate(done.stdout), GOOD.key)


def test_a_root_that_nobody_knows() -> None:
    """No alarm, but a word: whoever trusts it must know it already. In the Secret itself or known, it is silent."""
    assert findings(simple(), secret(**pair(GOOD)), roots=NO_ROOTS)["chain-incomplete"].severity is Severity.INFO
    assert findings(simple(), secret(**pair(GOOD, ca_crt=ROOT.pem)), roots=NO_ROOTS) == {}
    assert findings(simple(), secret(**pair(GOOD)), roots=ROOTS) == {}
    kept = secret(**pair(GOOD))
    kept["metadata"]["annotations"] = {"meshtui.io/roots": ROOT.pem}
    assert findings(simple(), kept, roots=NO_ROOTS) == {}


def test_one_certificate_on_several_gateways() -> None:
    """By fingerprint, in Secrets of any name: HTTP/2 clients would mix them up."""
    wide = leaf("*.example.com")
    two = gateway("two", https("b.example.com", credential="other"))
    found = findings(simple(), two, secret(**pair(wide)), secret("other", **pair(wide)))
    assert "Gateway prod/one (https), Gateway prod/two (https)" in found["certificate-shared"].text
    assert findings(simple(), two, secret(**pair(wide)), secret("other", **pair(leaf("b.example.com")))) == {}
    assert findings(simple(HOST, "b.example.com"), secret(**pair(wide))) == {}
    elsewhere = gateway("two", https("b.example.com", number=9443))
    assert findings(simple(), elsewhere, secret(**pair(wide))) == {}


def test_two_gateways_for_one_host() -> None:
    """The older one stands; with another certificate it is critical, with the same one a warning."""
    older, newer = read(gateway("old", https(HOST, credential="first")), simple())
    place = Edge(ROOTS)
    place.change([*read(ingress(), secret("first", **pair(leaf())), secret(**pair(GOOD)))])
    place.change([replace(older, created_at="2026-01-01"), replace(newer, created_at="2026-02-01")])
    (found,) = (each for each in place.findings_of(TARGET, NOW) if each.code == "host-conflict")
    assert "a.example.com on port 443 is answered by the Gateway prod/old" in found.text
    assert found.severity is Severity.CRITICAL
    assert [each.code for each in place.findings_of("gateway/edge/first", NOW)] == []
    place.change(read(secret("first", **pair(GOOD))))
    codes = {each.code: each.severity for each in place.findings_of(TARGET, NOW)}
    assert codes["host-conflict"] is Severity.WARNING
    place.change(dropped=[older.key])
    assert place.findings_of(TARGET, NOW) == ()


@pytest.mark.parametrize(
    ("secrets", "words"),
    [
        ([secret(**pair(GOOD))], "has no CA: it holds tls.crt, tls.key"),
        ([secret(**pair(GOOD, ca_crt="hello"))], "its CA certificates cannot be read"),
        ([secret(**pair(GOOD, ca_crt=GOOD.pem))], "only leaves"),
        ([secret(**pair(GOOD, ca_crt=forge.ca("old", end=NOW - timedelta(days=1)).pem))], "expired on 2026-11-22"),
        ([secret(**pair(GOOD, ca_crt=ROOT.pem, ca_crl="hello"))], "its revocation lists cannot be read"),
        (
            [secret(**pair(GOOD, ca_crt=ROOT.pem)), secret("credential-cacert", kind="Opaque", wrong=ROOT.pem)],
            "Secret edge/credential-cacert has no CA: it holds wrong",
        ),
    ],
)
def test_clients_that_cannot_be_checked(secrets: list[Any], words: str) -> None:
    """A MUTUAL server without a usable CA serves nobody; a SIMPLE one has no use for any."""
    for mode in ("MUTUAL", "OPTIONAL_MUTUAL"):
        found = _mutual(mode, *secrets)
        assert words in found["client-ca-unusable"].text
        assert mode in found["client-ca-unusable"].text
    assert "client-ca-unusable" not in findings(simple(), *secrets)


def _crl(issuer: forge.Pair, days: int = 1) -> bytes:
    builder = x509.CertificateRevocationListBuilder().issuer_name(issuer.certificate.subject)
    dates = builder.last_update(NOW - timedelta(days=9)).next_update(NOW + timedelta(days=days))
    return dates.sign(issuer.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def test_revocation_lists_that_let_nobody_in() -> None:
    """One that has expired, and none of one of the CAs: Envoy refuses everybody then, and says so to nobody."""
    both = ROOT.pem + MIDDLE.pem
    old = _mutual("MUTUAL", secret(**pair(GOOD, ca_crt=ROOT.pem, ca_crl=_crl(ROOT, -1))))
    assert "CN=edge root that expired on 2026-11-22" in old["client-ca-unusable"].text
    one = _mutual("MUTUAL", secret(**pair(GOOD, ca_crt=both, ca_crl=_crl(ROOT))))
    assert "none of CN=edge intermediate" in one["client-ca-unusable"].text
    assert _mutual("MUTUAL", secret(**pair(GOOD, ca_crt=both, ca_crl=_crl(ROOT) + _crl(MIDDLE)))) == {}


def test_clients_that_can_be_checked() -> None:
    """A CA in the Secret itself or in its companion, with or without a revocation list."""
    own = secret(**pair(GOOD, ca_crt=ROOT.pem, ca_crl=_crl(ROOT)))
    companion = secret("credential-cacert", kind="Opaque", cacert=ROOT.pem)
    assert _mutual("MUTUAL", own) == {}
    assert _mutual("MUTUAL", secret(**pair(GOOD)), companion) == {}


def _mutual(mode: str, *secrets: Any) -> Any:
    """With the mode of the value changed, so that it does not matter which modes are read from manifests."""
    (found,) = read(simple(mode="MUTUAL"))
    server = found.servers[0]  # type: ignore[attr-defined]
    place = edge(*secrets)
    place.change([replace(found, servers=(replace(server, tls=replace(server.tls, mode=mode)),))])  # type: ignore[call-arg]
    return {each.code: each for each in place.findings_of(TARGET, NOW)}


def test_a_secret_that_nobody_refers_to() -> None:
    """TLS Secrets only, and not what a MUTUAL server takes its CA from."""
    assert findings(secret(**pair(GOOD))).keys() == {"secret-unused"}
    assert findings(secret(**pair(GOOD)))["secret-unused"].severity is Severity.INFO
    assert findings(simple(), secret(**pair(GOOD))) == {}
    assert findings(secret(kind="Opaque", password="x")) == {}
    companion = secret("credential-cacert", **pair(leaf(), ca_crt=ROOT.pem))
    place = edge(simple(mode="MUTUAL"), secret(**pair(GOOD)), companion)
    assert place.findings(NOW) == ()


def test_what_stands_behind_it() -> None:
    """Hosts, Gateways and VirtualServices with their routes, and no others."""
    near = virtual_service("shop", to("a"), to("b"), gateways=("one",))
    far = virtual_service("far", to("a"), gateways=("mesh",))
    found = findings(simple(), near, far)["secret-missing"]
    assert found.affects == (f"host {HOST}", "Gateway prod/one", "VirtualService prod/shop (2 routes)")
