"""DestinationRules."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.policy_model import ClientTls, ClientTlsMode, DestinationRule
from tests.manifest.policy_writing import destination_rule
from tests.manifest.writing import ISTIO, document, problems, read

MUTUAL, DISABLE = ClientTlsMode.ISTIO_MUTUAL, ClientTlsMode.DISABLE
NAME = "spiffe://cluster.local/ns/prod/sa/a"


def only(*documents: dict[str, Any]) -> DestinationRule:
    (found,) = read(*documents)
    assert isinstance(found, DestinationRule)
    return found


@pytest.mark.parametrize(
    ("host", "full"),
    [
        ("a", "a.prod.svc.cluster.local"),
        ("a.other.svc.cluster.local", "a.other.svc.cluster.local"),
        ("a.other", "a.other"),
        ("*.prod.svc.cluster.local", "*.prod.svc.cluster.local"),
        ("*.local", "*.local"),
        ("*", "*"),
    ],
)
def test_hosts_are_full_names(host: str, full: str) -> None:
    """One without a dot is a Service of the rule's namespace, as in Istio; others stay as they are."""
    assert full == only(destination_rule("a", host)).host


def test_tls_is_read() -> None:
    """For all ports and for single ones; without it there is none."""
    found = only(
        destination_rule(
            "a",
            "a",
            tls={"mode": "ISTIO_MUTUAL", "sni": "outbound_.80_._.a.prod.svc.cluster.local", "subjectAltNames": [NAME]},
            portLevelSettings=[{"port": {"number": 80}, "tls": {"mode": "DISABLE"}}],
        )
    )
    name = "outbound_.80_._.a.prod.svc.cluster.local"
    assert found.tls == ClientTls(mode=MUTUAL, sni=name, subject_alt_names=(NAME,))
    assert found.port_tls == {80: ClientTls(mode=DISABLE)}
    assert only(destination_rule("a", "a")).tls is None
    assert only(document("DestinationRule", "a", api=ISTIO, spec={"host": "a", "exportTo": ["*"]})).tls is None


MODE = {"mode": "ISTIO_MUTUAL"}


@pytest.mark.parametrize(
    ("policy", "reason"),
    [
        ({"tls": {"mode": "SIMPLE"}}, "tls.mode: SIMPLE is valid elsewhere but not supported here; use DISABLE or IST"),
        ({"tls": {"mode": "MUTUAL", "sni": "a"}}, "tls.mode: MUTUAL is valid elsewhere but not supported here; use "),
        ({"tls": {"mode": "mutual"}}, "tls.mode: expected one of DISABLE, ISTIO_MUTUAL, found"),
        ({"tls": {}}, "tls.mode: required, and missing: in Istio that means DISABLE, which is plaintext"),
        ({"tls": "DISABLE"}, 'tls: expected an object, found "DISABLE"'),
        (
            {"tls": {"mode": "DISABLE", "sni": "a"}},
            "tls.sni: has no meaning in plaintext; use it with mode ISTIO_MUTUAL",
        ),
        (
            {"tls": {"mode": "DISABLE", "subjectAltNames": [NAME]}},
            "tls.subjectAltNames: has no meaning in plaintext; use it with mode ISTIO_MUTUAL",
        ),
        ({"tls": {**MODE, "sni": "a b"}}, "tls.sni: expected a server name of at most 255 characters"),
        ({"tls": {**MODE, "sni": "a" * 256}}, "tls.sni: expected a server name of at most 255 characters"),
        ({"tls": {**MODE, "sni": "*.a"}}, "tls.sni: expected a server name"),
        ({"tls": {**MODE, "subjectAltNames": []}}, "tls.subjectAltNames: must not be empty"),
        (
            {"tls": {**MODE, "subjectAltNames": ["a.b"]}},
            "tls.subjectAltNames[0]: workloads of this mesh have SPIFFE IDs",
        ),
        ({"tls": {**MODE, "subjectAltNames": ["spiffe://A/b"]}}, "tls.subjectAltNames[0]: workloads of this mesh have"),
        *(
            (
                {"tls": {**MODE, name: "/etc/x"}},
                f"tls.{name}: valid elsewhere but not supported here: containers of this",
            )
            for name in ("clientCertificate", "privateKey", "caCertificates", "caCrl")
        ),
        ({"tls": {**MODE, "credentialName": "a"}}, "tls.credentialName: valid elsewhere but not supported here"),
        (
            {"tls": {**MODE, "insecureSkipVerify": True}},
            "tls.insecureSkipVerify: valid elsewhere but not supported here",
        ),
        *(
            ({name: {"a": "b"}}, f"{name}: valid elsewhere but not supported here")
            for name in ("loadBalancer", "connectionPool", "outlierDetection", "tunnel", "proxyProtocol", "retryBudget")
        ),
        ({"portLevelSettings": [{"port": {}, "tls": MODE}]}, "portLevelSettings[0].port.number: required, and missing"),
        (
            {"portLevelSettings": [{"port": {"number": 80}}]},
            "portLevelSettings[0].tls: required, and missing: no other",
        ),
        (
            {"portLevelSettings": [{"port": {"number": 80}, "tls": MODE}] * 2},
            "portLevelSettings[1].port: is the second one with number 80",
        ),
        (
            {"portLevelSettings": [{"port": {"number": 80}, "tls": MODE, "connectionPool": {"a": 1}}]},
            "portLevelSettings[0].connectionPool: valid elsewhere but not supported here",
        ),
        (
            {"portLevelSettings": [{"port": {"number": 80}, "tls": {"mode": "SIMPLE"}}]},
            "portLevelSettings[0].tls.mode: ",
        ),
        ({"tsl": {}}, "tsl: unknown field; did you mean tls?"),
    ],
)
def test_traffic_policies_that_are_refused(policy: dict[str, Any], reason: str) -> None:
    """What is not about TLS, above all: whoever writes it counts on it."""
    (problem,) = problems(destination_rule("a", "a", **policy))
    assert problem.removeprefix("spec.trafficPolicy.").startswith(reason)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({}, "spec.host: required, and missing"),
        ({"host": "A"}, "spec.host: expected a lower-case DNS name, *.NAME or *"),
        ({"host": "a.*"}, "spec.host: expected a lower-case DNS name, *.NAME or *"),
        ({"host": "prod/a"}, "spec.host: hosts with a namespace (NAMESPACE/HOST) are valid in Istio but not supported"),
        ({"host": "a", "subsets": [{"name": "v1"}]}, "spec.subsets: valid elsewhere but not supported here"),
        ({"host": "a", "workloadSelector": {"a": {}}}, "spec.workloadSelector: valid elsewhere but not supported here"),
        ({"host": "a", "exportTo": ["."]}, "spec.exportTo: valid elsewhere but not supported here, except for *"),
    ],
)
def test_what_else_is_refused(spec: dict[str, Any], reason: str) -> None:
    """One problem each, with its path."""
    (problem,) = problems(document("DestinationRule", "a", api=ISTIO, spec=spec))
    assert problem.startswith(reason)
