"""How servers of Istio Gateways speak TLS: what Istio takes is read, what it refuses is refused."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.model import Gateway
from meshtui.manifest.server import CertificateFiles, Reference, ServerTls
from tests.manifest.writing import gateway, https, problems, read

FILES = {"serverCertificate": "/etc/a.crt", "privateKey": "/etc/a.key"}
SPKI = "D7+ch6kpW3fm20S9xrRMZIjbAz8GD0ACPiupGEaQ7Bg="
HASH = "df6ff72fe9116521268f6f2dd4966f51df479883fe7037b39f75916ac3049d1a"


def server(**tls: Any) -> dict[str, Any]:
    """A server with exactly these TLS settings."""
    return {**https("a.example.com"), "tls": tls}


def tls(**settings: Any) -> ServerTls:
    (found,) = read(gateway("edge", server(**settings)))
    assert isinstance(found, Gateway)
    assert found.servers[0].tls is not None
    return found.servers[0].tls


@pytest.mark.parametrize("mode", ["SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL"])
def test_one_or_two_secrets(mode: str) -> None:
    """credentialName is one, credentialNames one or two, each with its namespace and scheme."""
    assert tls(mode=mode, credentialName="edge/c").credentials == (Reference("c", "edge"),)
    two = tls(mode=mode, credentialNames=["rsa", "kubernetes-gateway://edge/ecdsa"])
    assert two.credentials == (Reference("rsa"), Reference("ecdsa", "edge", "Secret", "kubernetes-gateway"))
    assert (two.mode, two.ca, two.files) == (mode, None, ())


def test_the_ca_of_clients_may_be_elsewhere() -> None:
    """caCertCredentialName names a Secret or a ConfigMap."""
    found = tls(mode="MUTUAL", credentialName="c", caCertCredentialName="configmap://edge/clients")
    assert found.ca == Reference("clients", "edge", "ConfigMap", "configmap")


def test_files() -> None:
    """One pair, or one or two in a list; the CA and its revocation list beside them."""
    one = tls(mode="MUTUAL", **FILES, caCertificates="/etc/ca", caCrl="/etc/crl")
    assert one == ServerTls(
        mode="MUTUAL",
        files=(CertificateFiles(certificate="/etc/a.crt", key="/etc/a.key"),),
        ca_file="/etc/ca",
        crl_file="/etc/crl",
    )
    listed = tls(mode="SIMPLE", tlsCertificates=[FILES, {**FILES, "privateKey": "/etc/b.key", "caCertificates": "/x"}])
    assert [pair.key for pair in listed.files] == ["/etc/a.key", "/etc/b.key"]
    assert tls(mode="MUTUAL", **FILES, caCertCredentialName="ca").ca == Reference("ca")


@pytest.mark.parametrize("mode", ["ISTIO_MUTUAL", "PASSTHROUGH", "AUTO_PASSTHROUGH"])
def test_modes_that_need_nothing(mode: str) -> None:
    """They present the workload's own certificate, or none."""
    assert tls(mode=mode) == ServerTls(mode=mode)


def test_what_passes_through_may_name_what_it_does_not_use() -> None:
    """Istio warns and takes it; and no mode at all is PASSTHROUGH."""
    assert tls(mode="PASSTHROUGH", credentialName="c").credentials == (Reference("c"),)
    assert tls().mode == "PASSTHROUGH"


def test_what_is_asked_of_clients() -> None:
    """Names, public keys and certificates, byte for byte as they are written."""
    with_colons = ":".join(HASH[at : at + 2] for at in range(0, 64, 2)).upper()
    found = tls(
        mode="MUTUAL",
        credentialName="c",
        subjectAltNames=["spiffe://x/y", "Client"],
        verifyCertificateSpki=[SPKI],
        verifyCertificateHash=[HASH, with_colons],
        insecureSkipVerify=True,
    )
    assert found.subject_alt_names == ("spiffe://x/y", "Client")
    assert (found.verify_certificate_spki, found.verify_certificate_hash) == ((SPKI,), (HASH, with_colons))
    assert found.insecure_skip_verify


def test_versions_and_cipher_suites() -> None:
    """TLS_AUTO and nothing are 1.2 to 1.3; either end can be moved, but not across the other."""
    usual = tls(mode="SIMPLE", credentialName="c", maxProtocolVersion="TLS_AUTO")
    assert (usual.min_protocol_version, usual.max_protocol_version, usual.cipher_suites) == ("TLSV1_2", "TLSV1_3", ())
    old = tls(mode="SIMPLE", credentialName="c", minProtocolVersion="TLSV1_0", maxProtocolVersion="TLSV1_1")
    assert (old.min_protocol_version, old.max_protocol_version) == ("TLSV1_0", "TLSV1_1")
    assert tls(mode="SIMPLE", credentialName="c", cipherSuites=["X", "-Y"]).cipher_suites == ("X", "-Y")


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ({"mode": "SIMPLE"}, "credentialName: required, and missing; SIMPLE presents the key pair of a Secret"),
        ({"mode": "MUTUAL", "credentialName": ""}, "credentialName: required, and missing; MUTUAL presents the key"),
        ({"mode": "Simple", "credentialName": "c"}, "mode: expected one of SIMPLE, MUTUAL, OPTIONAL_MUTUAL, ISTIO_MUT"),
        (
            {"mode": "SIMPLE", "credentialName": "a", "credentialNames": ["b"]},
            "credentialNames: only one of credentialName, credentialNames may be given",
        ),
        (
            {"mode": "SIMPLE", "credentialName": "a", **FILES},
            "serverCertificate: only one of credentialName, serverCertificate may be given",
        ),
        (
            {"mode": "SIMPLE", "tlsCertificates": [FILES], **FILES},
            "tlsCertificates: only one of serverCertificate, tlsCertificates may be given",
        ),
        ({"mode": "SIMPLE", "credentialNames": []}, "credentialName: required, and missing; SIMPLE presents the key"),
        ({"mode": "SIMPLE", "tlsCertificates": []}, "credentialName: required, and missing; SIMPLE presents the key"),
        ({"mode": "SIMPLE", "credentialNames": ["a", "b", "c"]}, "credentialNames: has 3 entries; at most 2 are"),
        ({"mode": "SIMPLE", "credentialNames": ["a", "B"]}, "credentialNames[1]: expected a lower-case name"),
        ({"mode": "SIMPLE", "tlsCertificates": [FILES] * 3}, "tlsCertificates: has 3 entries; at most 2 are accepted"),
        (
            {"mode": "SIMPLE", "tlsCertificates": [{"serverCertificate": "/a"}]},
            "tlsCertificates[0].privateKey: required, and missing",
        ),
        ({"mode": "SIMPLE", "serverCertificate": "/a"}, "privateKey: serverCertificate and privateKey belong together"),
        ({"mode": "SIMPLE", "privateKey": "/a"}, "serverCertificate: serverCertificate and privateKey belong together"),
        ({"mode": "MUTUAL", **FILES}, "caCertificates: MUTUAL needs the CA of its clients, and it is missing"),
        ({"mode": "OPTIONAL_MUTUAL", **FILES}, "caCertificates: OPTIONAL_MUTUAL needs the CA of its clients"),
        ({"mode": "SIMPLE", **FILES, "caCrl": "/c"}, "caCrl: revokes certificates of clients, which SIMPLE does not"),
        ({"mode": "ISTIO_MUTUAL", "credentialName": "c"}, "credentialName: ISTIO_MUTUAL presents the workload's own"),
        ({"mode": "ISTIO_MUTUAL", "caCertificates": "/c"}, "caCertificates: ISTIO_MUTUAL presents the workload's own"),
        (
            {"mode": "SIMPLE", "credentialName": "c", "caCertCredentialName": "a/b/c"},
            "caCertCredentialName: expected NAME, NAMESPACE/NAME",
        ),
        (
            {"mode": "MUTUAL", "credentialName": "c", "verifyCertificateSpki": [SPKI[:-1]]},
            "verifyCertificateSpki[0]: expected a base64 SHA-256",
        ),
        (
            {"mode": "MUTUAL", "credentialName": "c", "verifyCertificateSpki": ["YWJj"]},
            "verifyCertificateSpki[0]: expected a base64 SHA-256",
        ),
        (
            {"mode": "MUTUAL", "credentialName": "c", "verifyCertificateHash": [HASH, HASH[:-2] + "::"]},
            "verifyCertificateHash[1]: expected a hexadecimal SHA-256",
        ),
        (
            {"mode": "MUTUAL", "credentialName": "c", "subjectAltNames": [""]},
            "subjectAltNames[0]: must not be empty",
        ),
        (
            {"mode": "SIMPLE", "credentialName": "c", "minProtocolVersion": "TLSV1_3", "maxProtocolVersion": "TLSV1_2"},
            "maxProtocolVersion: is lower than minProtocolVersion",
        ),
    ],
)
def test_what_istio_refuses(settings: dict[str, Any], reason: str) -> None:
    """One problem each, at the field that is to be changed."""
    (problem,) = problems(gateway("edge", server(**settings)))
    assert problem.removeprefix("spec.servers[0].tls.").startswith(reason)
