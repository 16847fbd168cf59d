"""Every profile that the CA can issue, before two outside judges: pkilint and the system's `openssl verify`."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from pkilint import loader  # type: ignore[import-untyped]
from pkilint.pkix import certificate, extension, name  # type: ignore[import-untyped]
from pkilint.validation import ValidationFindingSeverity  # type: ignore[import-untyped]

from meshtui.ca.keystore import GatewayRoots, open_mesh_root
from meshtui.ca.profile import CA_HOSTS, CertificateProfile, server_profile, workload_profile
from meshtui.ca.signer import Signer, new_serial
from meshtui.ca.signing_files import open_signing_directory
from meshtui.ca.validity import GATEWAY_LIMITS, SERVER_LIMITS, LifetimeLimits, decide_validity
from meshtui.identity.keys import new_key
from meshtui.identity.spiffe import SpiffeId
from tests.ca.hierarchy import Hierarchy, authority
from tests.identity.forge import HTTPBIN, NOW, ca, svid, usage

ALLOWED = {"pkix.invalid_uri_syntax"}
"""pkilint takes the host of a URI for a DNS name; a trust domain is its own. Only ever for `spiffe://`."""

LINTER = certificate.create_pkix_certificate_validator_container(
    certificate.create_decoding_validators(name.ATTRIBUTE_TYPE_MAPPINGS, extension.EXTENSION_MAPPINGS),
    [
        certificate.create_issuer_validator_container([]),
        certificate.create_validity_validator_container(),
        certificate.create_subject_validator_container([]),
        certificate.create_extensions_validator_container([]),
        certificate.create_spki_validator_container([]),
    ],
)
WORKLOAD = workload_profile(SpiffeId.parse(HTTPBIN))
GATEWAY = server_profile(["httpbin.example.com", "10.0.0.1", "::1"])
OWN = server_profile([host for host in CA_HOSTS if host != "localhost"])


def lint(signed: x509.Certificate) -> dict[str, str]:
    """Codes of what pkilint finds, but for mere information, with what it says."""
    document = loader.RFC5280CertificateDocumentLoader().load_der_document(
        signed.public_bytes(Encoding.DER), "certificate"
    )
    return {
        finding.finding.code: str(finding.message)
        for result in LINTER.validate(document.root)
        for finding in result.finding_descriptions
        if finding.finding.severity < ValidationFindingSeverity.INFO
    }


def _signer(tmp_path: Path, kind: str) -> Signer:
    tmp_path.chmod(0o700)
    match kind:
        case "own root":
            return open_mesh_root(tmp_path, "cluster.local", NOW, first_start=True)
        case "gateway root":
            return GatewayRoots(tmp_path, lambda _: False).signer("example.com", NOW)
    root = authority("root", kind=kind)
    hierarchy = Hierarchy(root, signing=authority("signing", root, kind=kind, path_length=0))
    return open_signing_directory(hierarchy.write(tmp_path / "ca"), NOW).signer


@pytest.mark.parametrize("signing", ["own root", "EC P-384", "RSA 2048"])
@pytest.mark.parametrize("kind", ["EC P-256", "EC P-384", "RSA 2048"])
@pytest.mark.parametrize(
    ("profile", "limits"),
    [(WORKLOAD, LifetimeLimits(SERVER_LIMITS.default)), (GATEWAY, GATEWAY_LIMITS), (OWN, SERVER_LIMITS)],
    ids=["workload", "gateway", "own server"],
)
def test_nobody_finds_fault_with_a_leaf(
    tmp_path: Path, profile: CertificateProfile, limits: LifetimeLimits, kind: str, signing: str
) -> None:
    """Each profile, on each kind of key, under each kind of CA, passes pkilint and `openssl verify -x509_strict`."""
    signer = _signer(tmp_path, "gateway root" if profile is GATEWAY and signing == "own root" else signing)
    key = new_key(kind).public_key()
    validity = decide_validity(0, limits, signer.path, NOW)
    leaf = signer.sign(profile.builder(key, new_serial(), validity, signer.certificate))
    found = lint(leaf)
    assert found.keys() <= (ALLOWED if profile is WORKLOAD else set()), found
    for purpose in ("sslserver", "sslclient") if profile is WORKLOAD else ("sslserver",):
        _openssl(tmp_path, leaf, signer, purpose)


def test_two_kinds_of_names_are_right_all_the_same(tmp_path: Path) -> None:
    """A wildcard (RFC 9525, 6.3) and `localhost` (RFC 6761) are hosts, though pkilint has no word for them."""
    signer = _signer(tmp_path, "gateway root")
    for host in ("*.example.com", "localhost"):
        validity = decide_validity(0, GATEWAY_LIMITS, signer.path, NOW)
        builder = server_profile([host]).builder(new_key().public_key(), new_serial(), validity, signer.certificate)
        leaf = signer.sign(builder)
        assert lint(leaf) == {"pkix.invalid_domain_name_syntax": f'Invalid domain name syntax: "{host}"'}
        _openssl(tmp_path, leaf, signer)


@pytest.mark.parametrize("kind", ["own root", "gateway root"])
def test_nobody_finds_fault_with_a_root(tmp_path: Path, kind: str) -> None:
    """The roots that the CA makes are as RFC 5280 wants them."""
    assert lint(_signer(tmp_path, kind).certificate) == {}


def test_the_judge_is_awake() -> None:
    """pkilint does find what must not be: an EC key that enciphers (RFC 8813), which Istio's own leaves have."""
    wrong = svid(ca("root"), changes=[(usage("digital_signature", "key_encipherment"), True)])
    assert {"pkix.key_usage_value_prohibited_for_ec", *ALLOWED} <= lint(wrong.certificate).keys()


def _openssl(directory: Path, leaf: x509.Certificate, signer: Signer, purpose: str = "sslserver") -> None:
    (directory / "leaf.pem").write_bytes(leaf.public_bytes(Encoding.PEM))
    (directory / "chain.pem").write_text("".join(signer.following[:-1]))
    (directory / "root.pem").write_text(signer.following[-1])
    chain = ["-untrusted", "chain.pem"] if signer.above else []
    done = subprocess.run(
        [
            *("openssl", "verify", "-x509_strict", "-purpose", purpose, "-CAfile", "root.pem"),
            *("-attime", str(int(NOW.timestamp())), *chain, "leaf.pem"),
        ],
        check=False,
        capture_output=True,
        text=True,
        cwd=directory,
    )
    assert done.returncode == 0, done.stderr
