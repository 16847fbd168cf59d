"""What policies say that can hardly be meant."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.policy.oversights import warnings
from tests.manifest.policy_writing import (
    authorization_policy,
    destination_rule,
    operation,
    peer_authentication,
    source,
    when,
)
from tests.manifest.writing import document
from tests.policy.meshes import AGENT, INGRESS, ONLY_A, with_policies

STRICT = peer_authentication("strict", "STRICT", namespace="istio-system")
"""So that nothing is said of plaintext."""


def told(*written: dict[str, Any], more: tuple[dict[str, Any], ...] = ()) -> list[str]:
    return list(warnings(with_policies(STRICT, *written, more=(INGRESS, AGENT, *more)), "mesh.example"))


def test_what_has_no_effect_is_told() -> None:
    """Of every kind, by its key; what has one is not."""
    rules = destination_rule("r", "a", "DISABLE"), destination_rule("s", "nobody", "DISABLE")
    nobody: dict[str, Any] = {"selector": {"matchLabels": {"app": "nobody"}}}
    assert told(*rules, peer_authentication("p", "STRICT", **nobody), authorization_policy("q", action="DENY")) == [
        "PeerAuthentication prod/p: no workload of namespace prod has the labels of its selector",
        "AuthorizationPolicy prod/q: DENY without rules matches no request",
        "DestinationRule prod/s: there is no Service nobody.prod.svc.cluster.local",
    ]


def test_ports_that_nobody_has() -> None:
    """Of portLevelMtls, of operations and of conditions; one of several may be of another workload."""
    ports = {"8080": {"mode": "DISABLE"}, "9090": {"mode": "DISABLE"}}
    rules = operation(ports=["80"]), operation(ports=["80", "8080"]), when("destination.port", "9090")
    assert told(
        peer_authentication("p", "STRICT", portLevelMtls=ports, **ONLY_A), authorization_policy("q", *rules)
    ) == [
        "PeerAuthentication prod/p: spec.portLevelMtls.9090: no workload that it is about takes requests there, but on"
        " 8080",
        "AuthorizationPolicy prod/q: spec.rules[0].to[0].operation.ports: no workload that it is about takes requests "
        "there, but on 8080",
        "AuthorizationPolicy prod/q: spec.rules[2].when[0].values: no workload that it is about takes requests there, "
        "but on 8080",
    ]
    assert told(authorization_policy("q", *rules, namespace="istio-system")) == []


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        (source(principals=["mesh.example/ns/prod/sa/known", "cluster.local/ns/prod/sa/known", "*", "*/sa/a"]), ""),
        (source(principals=["mesh.example/ns/prod/sa/default", "mesh.example/ns/prod/sa/kn*"]), ""),
        (
            source(principals=["mesh.example/ns/prod/sa/knwon"]),
            "from[0].source.principals[0]: the ServiceAccount prod/knwon does not exist; did you mean known?",
        ),
        (
            source(principals=["*/ns/prod/sa/knwon"]),
            "from[0].source.principals[0]: the ServiceAccount prod/knwon does not exist; did you mean known?",
        ),
        (
            source(principals=["mesh.example/ns/prod/*", "cluster.local/ns/prdo/*"]),
            "from[0].source.principals[1]: there is no namespace prdo; did you mean prod?",
        ),
        (
            source(notPrincipals=["cluster.local/ns/prdo/sa/default"]),
            "from[0].source.notPrincipals[0]: there is no namespace prdo; did you mean prod?",
        ),
        (source(namespaces=["prod", "default", "istio-system", "pr*", "*rdo"]), ""),
        (
            source(namespaces=["prdo"]),
            "from[0].source.namespaces[0]: there is no namespace prdo; did you mean prod?",
        ),
        (source(notNamespaces=["elsewhere"]), "from[0].source.notNamespaces[0]: there is no namespace elsewhere"),
        (
            when("source.namespace", "prod", notValues=["prdo"]),
            "when[0].notValues[0]: there is no namespace prdo; did you mean prod?",
        ),
        (
            source(notPrincipals=["cluster.local/prod/known"]),
            "from[0].source.notPrincipals[0]: no identity looks like this; they are TRUST-DOMAIN/ns/NAMESPACE/sa/NAME",
        ),
        (source(principals=["mesh*", "mesh.example*"]), ""),
        (
            source(principals=["*", "old.example/ns/prod/sa/a"]),
            "from[0].source.principals[1]: nobody of this mesh is of old.example; its trust domain is mesh.example",
        ),
        (
            source(notPrincipals=["old.example/*"]),
            "from[0].source.notPrincipals[0]: nobody of this mesh is of old.example; its trust domain is mesh.example",
        ),
        (
            when("source.principal", "old.example/*"),
            "when[0].values[0]: nobody of this mesh is of old.example; its trust domain is mesh.example",
        ),
        (source(serviceAccounts=["known", "default", "other/default"]), ""),
        (
            source(serviceAccounts=["known", "other/known"]),
            "from[0].source.serviceAccounts[1]: the ServiceAccount other/known does not exist",
        ),
        (
            source(notServiceAccounts=["none"]),
            "from[0].source.notServiceAccounts[0]: the ServiceAccount prod/none does not exist",
        ),
        (
            when("source.serviceAccount", notValues=["none"]),
            "when[0].notValues[0]: the ServiceAccount prod/none does not exist",
        ),
        (operation(methods=["GET", "P*"], paths=["/a", "*", "*.html"]), ""),
        (
            operation(methods=["get"]),
            "to[0].operation.methods[0]: methods have a case; HTTP's own are GET and the like",
        ),
        (operation(notPaths=["a"]), "to[0].operation.notPaths[0]: no path begins like this; paths begin with /"),
        (
            operation(paths=["/a?b=*"]),
            "to[0].operation.paths[0]: paths are compared without their query and fragment",
        ),
    ],
)
def test_names_and_requests_that_cannot_be(rule: dict[str, Any], reason: str) -> None:
    """A trust domain of somewhere else, accounts that are not there, requests that nobody can send."""
    found = told(authorization_policy("p", rule), more=(document("ServiceAccount", "known"),))
    assert found == ([f"AuthorizationPolicy prod/p: spec.rules[0].{reason}"] if reason else [])


def test_an_allow_without_rules_is_told_what_it_does() -> None:
    """Nothing passes by it; a dry run says what would be."""
    first, second = told(authorization_policy("all"), authorization_policy("dry", dry_run="true"))
    assert first.startswith("AuthorizationPolicy prod/all: spec.rules: ALLOW without rules allows nothing: ")
    assert (first.endswith(" is denied"), second.endswith(" would be denied")) == (True, True)
