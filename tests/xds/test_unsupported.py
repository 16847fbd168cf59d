"""What Istio takes and the Envoys of the embedded mesh cannot do."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.xds.unsupported import CIPHER_SUITES, unsupported
from tests.manifest.writing import document, gateway, http, https, read

SPKI = "D7+ch6kpW3fm20S9xrRMZIjbAz8GD0ACPiupGEaQ7Bg="
FILES = {"serverCertificate": "/etc/a.crt", "privateKey": "/etc/a.key"}
NOT_HERE = "is valid in Istio but not supported here: "


def problems(*servers: dict[str, Any]) -> tuple[str, ...]:
    (found,) = read(gateway("x", *servers))
    return unsupported(found)


def server(**tls: Any) -> dict[str, Any]:
    return {**https("a.example.com"), "tls": tls}


@pytest.mark.parametrize(
    "tls",
    [
        {"mode": "SIMPLE", "credentialName": "c"},
        {"mode": "SIMPLE", "credentialNames": ["a", "b"], "minProtocolVersion": "TLSV1_3"},
        {"mode": "SIMPLE", "credentialName": "other/c"},
        {"mode": "MUTUAL", "credentialName": "c", "caCertCredentialName": "clients"},
        {"mode": "MUTUAL", "credentialName": "c", "subjectAltNames": ["a.example.com", "spiffe://x/y", "::1", "a@b"]},
        {"mode": "MUTUAL", "credentialName": "c", "verifyCertificateSpki": [SPKI], "verifyCertificateHash": ["a" * 64]},
        {"mode": "OPTIONAL_MUTUAL", "credentialName": "c", "caCertCredentialName": "clients"},
        {"mode": "ISTIO_MUTUAL"},
        {"mode": "ISTIO_MUTUAL", "subjectAltNames": ["spiffe://cluster.local/ns/a/sa/b"]},
        {"mode": "SIMPLE", "credentialName": "c", "cipherSuites": sorted(CIPHER_SUITES)},
    ],
)
def test_what_can_be_done(tls: dict[str, Any]) -> None:
    """No problem; which Secrets may be read is another question."""
    assert problems(server(**tls), http("b.example.com", httpsRedirect=True)) == ()


def test_other_kinds_are_supported_as_they_are_read() -> None:
    """Only a Gateway can say more than an Envoy here can do."""
    (secret,) = read(document("Secret", "a"))
    assert unsupported(secret) == ()


@pytest.mark.parametrize(
    ("tls", "path", "reason"),
    [
        ({}, "mode", f"PASSTHROUGH {NOT_HERE}a gateway of this mesh always ends TLS itself; use SIMPLE, MUTUAL,"),
        ({"mode": "PASSTHROUGH"}, "mode", f"PASSTHROUGH {NOT_HERE}a gateway of this mesh always ends TLS itself; use"),
        ({"mode": "AUTO_PASSTHROUGH"}, "mode", f"AUTO_PASSTHROUGH {NOT_HERE}there is no other network to pass it on"),
        ({"mode": "SIMPLE", "tlsCertificates": [FILES]}, "", "serverCertificate, privateKey and tlsCertificates are"),
        ({"mode": "SIMPLE", **FILES}, "", "serverCertificate, privateKey and tlsCertificates are valid in Istio but"),
        (
            {"mode": "MUTUAL", "credentialName": "c", "caCertificates": "/ca"},
            "caCertificates",
            f"{NOT_HERE}containers of this mesh have no files; put the CA into a Secret as ca.crt",
        ),
        (
            {"mode": "MUTUAL", "credentialName": "c", "caCrl": "/crl"},
            "caCrl",
            f"{NOT_HERE}containers of this mesh have no files; put it into the Secret of the CA as ca.crl",
        ),
        (
            {"mode": "SIMPLE", "credentialName": "c", "minProtocolVersion": "TLSV1_1"},
            "minProtocolVersion",
            f"TLSV1_1 {NOT_HERE}it is not safe; use TLSV1_2 or TLSV1_3",
        ),
        ({"mode": "SIMPLE", "credentialName": "c", "httpsRedirect": True}, "httpsRedirect", f"{NOT_HERE}it belongs to"),
        (
            {"mode": "SIMPLE", "credentialName": "c", "cipherSuites": ["AES128-SHA", "DES-CBC3-SHA"]},
            "cipherSuites[1]",
            '"DES-CBC3-SHA" is not supported here; use some of AES128-GCM-SHA256, ',
        ),
        (
            {"mode": "SIMPLE", "credentialName": "c", "cipherSuites": ["AES128-SHA"], "minProtocolVersion": "TLSV1_3"},
            "cipherSuites",
            f"{NOT_HERE}TLS 1.3 has its own; leave it out",
        ),
        (
            {"mode": "OPTIONAL_MUTUAL", "credentialName": "c", "insecureSkipVerify": True},
            "insecureSkipVerify",
            f"{NOT_HERE}what a client says of itself would be passed on unchecked",
        ),
        (
            {"mode": "SIMPLE", "credentialName": "c", "caCertCredentialName": "ca"},
            "caCertCredentialName",
            f"{NOT_HERE}SIMPLE takes no CA from it",
        ),
        (
            {"mode": "SIMPLE", "credentialName": "c", "subjectAltNames": ["a"]},
            "subjectAltNames",
            f"{NOT_HERE}SIMPLE asks clients for no certificate; use MUTUAL",
        ),
        (
            {"mode": "OPTIONAL_MUTUAL", "credentialName": "c", "verifyCertificateHash": ["a" * 64]},
            "verifyCertificateHash",
            f"{NOT_HERE}Envoy would refuse clients without a certificate then; use MUTUAL",
        ),
        (
            {"mode": "ISTIO_MUTUAL", "verifyCertificateSpki": [SPKI]},
            "verifyCertificateSpki",
            f"{NOT_HERE}ISTIO_MUTUAL asks for an identity of this mesh; use subjectAltNames",
        ),
        (
            {"mode": "ISTIO_MUTUAL", "subjectAltNames": ["spiffe://a/b", "a.example.com"]},
            "subjectAltNames[1]",
            '"a.example.com" is not supported here; write a SPIFFE ID',
        ),
        (
            {"mode": "MUTUAL", "credentialName": "c", "subjectAltNames": ["not a name\n"]},
            "subjectAltNames[0]",
            '"not a name\\n" is not supported here; write a DNS name, URI, e-mail or IP address',
        ),
    ],
)
def test_what_cannot_be_done(tls: dict[str, Any], path: str, reason: str) -> None:
    """Named with the field, why, and what to write instead."""
    (problem,) = problems(https("b.example.com", credential="c", name="first"), server(**tls))
    assert problem.startswith(f"Gateway prod/x: spec.servers[1].tls{'.' if path else ''}{path}: {reason}")


def test_what_is_not_http_inside() -> None:
    """TLS that is ended here leads to a router of HTTP; one that passes through is told apart."""
    written = https("a.example.com", credential="c")
    written["port"]["protocol"] = "TLS"
    assert problems(written) == (
        f"Gateway prod/x: spec.servers[0].port.protocol: TLS {NOT_HERE}only HTTP can be routed behind it; use HTTPS",
    )
    written["tls"] = {"mode": "PASSTHROUGH"}
    (problem,) = problems(written)
    assert ".tls.mode: PASSTHROUGH" in problem


def test_every_problem_of_every_server_is_told() -> None:
    """In their order."""
    both = server(mode="SIMPLE", credentialName="c", httpsRedirect=True, insecureSkipVerify=True)
    paths = [problem.split(": ")[1] for problem in problems(both, {**server(), "port": {**both["port"], "name": "b"}})]
    assert paths == [
        "spec.servers[0].tls.httpsRedirect",
        "spec.servers[0].tls.insecureSkipVerify",
        "spec.servers[1].tls.mode",
    ]
