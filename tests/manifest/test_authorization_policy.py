"""AuthorizationPolicies."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.policy_model import AuthorizationPolicy, Condition, PolicyAction, RequestTo, Rule, Source
from tests.manifest.policy_writing import authorization_policy, operation, source
from tests.manifest.writing import problems, read


def only(*documents: dict[str, Any]) -> AuthorizationPolicy:
    (found,) = read(*documents)
    assert isinstance(found, AuthorizationPolicy)
    return found


def test_all_of_a_rule_is_read() -> None:
    """Each field of a source and of an operation, and conditions beside them."""
    rule = {
        "from": [
            {
                "source": {
                    "principals": ["cluster.local/ns/a/sa/b"],
                    "notPrincipals": ["*/sa/c"],
                    "requestPrincipals": ["*"],
                    "notRequestPrincipals": ["issuer/*"],
                    "namespaces": ["prod"],
                    "notNamespaces": ["test-*"],
                    "ipBlocks": ["10.0.0.0/8"],
                    "notIpBlocks": ["10.0.0.1"],
                    "remoteIpBlocks": ["::/0"],
                    "notRemoteIpBlocks": ["::1"],
                }
            },
            {"source": {"serviceAccounts": ["sleep", "other/sleep"], "notServiceAccounts": ["cat"]}},
        ],
        "to": [
            {
                "operation": {
                    "hosts": ["a.example.com"],
                    "notHosts": ["*.b"],
                    "ports": ["80"],
                    "notPorts": ["81"],
                    "methods": ["GET"],
                    "notMethods": ["P*"],
                    "paths": ["/a", "/b/{**}"],
                    "notPaths": ["*/c"],
                }
            }
        ],
        "when": [{"key": "remote.ip", "values": ["::1"]}],
    }
    assert only(authorization_policy("a", rule)).rules == (
        Rule(
            sources=(
                Source(
                    principals=("cluster.local/ns/a/sa/b",),
                    not_principals=("*/sa/c",),
                    request_principals=("*",),
                    not_request_principals=("issuer/*",),
                    namespaces=("prod",),
                    not_namespaces=("test-*",),
                    ip_blocks=("10.0.0.0/8",),
                    not_ip_blocks=("10.0.0.1",),
                    remote_ip_blocks=("::/0",),
                    not_remote_ip_blocks=("::1",),
                ),
                Source(service_accounts=("prod/sleep", "other/sleep"), not_service_accounts=("prod/cat",)),
            ),
            operations=(
                RequestTo(
                    hosts=("a.example.com",),
                    not_hosts=("*.b",),
                    ports=("80",),
                    not_ports=("81",),
                    methods=("GET",),
                    not_methods=("P*",),
                    paths=("/a", "/b/{**}"),
                    not_paths=("*/c",),
                ),
            ),
            conditions=(Condition(key="remote.ip", values=("::1",)),),
        ),
    )


@pytest.mark.parametrize("action", ["ALLOW", "DENY", "AUDIT"])
def test_an_action_is_read(action: str) -> None:
    """ALLOW where none is written."""
    assert only(authorization_policy("a", action=action)).action is PolicyAction(action)
    assert only(authorization_policy("a")).action is PolicyAction.ALLOW


def test_no_rules_and_empty_rules_are_told_apart() -> None:
    """None matches nothing, an empty one everything; a list that is empty is as none."""
    assert only(authorization_policy("a")).rules == ()
    assert only(authorization_policy("a", rules=[])).rules == ()
    assert only(authorization_policy("a", {})).rules == (Rule(),)


@pytest.mark.parametrize(
    ("text", "dry_run"),
    [("", False), ("true", True), ("false", False), ("1", True), ("0", False), ("T", True), ("FALSE", False)],
)
def test_a_dry_run_is_an_annotation(text: str, dry_run: bool) -> None:
    """As Istio reads it."""
    assert only(authorization_policy("a", {}, dry_run=text)).dry_run is dry_run


LISTS = {
    "from[0].source": (
        *("principals", "requestPrincipals", "namespaces", "serviceAccounts", "ipBlocks", "remoteIpBlocks"),
        *("notPrincipals", "notRequestPrincipals", "notNamespaces", "notServiceAccounts", "notIpBlocks"),
        "notRemoteIpBlocks",
    ),
    "to[0].operation": (
        *("hosts", "ports", "methods", "paths"),
        *("notHosts", "notPorts", "notMethods", "notPaths"),
    ),
}


@pytest.mark.parametrize(("place", "name"), [(place, name) for place, names in LISTS.items() for name in names])
def test_a_list_that_is_empty_or_none_is_refused(place: str, name: str) -> None:
    """It looks like nobody, and Istio reads it as if it were not there; so with an empty text in it, and a text."""
    write = source if place.startswith("from") else operation
    path = f"spec.rules[0].{place}.{name}"
    beside = {"requestPrincipals": ["*"]} if write is source and name != "requestPrincipals" else {}
    assert problems(authorization_policy("a", write(**{name: []}, **beside))) == [f"{path}: must not be empty"]
    (found,) = problems(authorization_policy("a", write(**{name: [""]}, **beside)))
    assert found.startswith(f"{path}[0]: ")
    assert problems(authorization_policy("a", write(**{name: "80"}, **beside))) == [
        f'{path}: expected a list, found "80"'
    ]


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ({"from": []}, "from: must not be empty"),
        ({"to": []}, "to: must not be empty"),
        ({"when": []}, "when: must not be empty"),
        ({"from": [{}]}, "from[0].source: required, and missing"),
        ({"from": [{"source": {}}]}, "from[0].source: must not be empty: it would be anybody"),
        ({"from": [{"source": {"principals": None}}]}, "from[0].source: must not be empty: it would be anybody"),
        ({"from": [None]}, "from[0]: expected an object, found null"),
        ({"from": [{"source": []}]}, "from[0].source: expected an object, found a list"),
        ({"from": {"source": {}}}, "from: expected a list, found an object"),
        ({"from": [{"source": {"principal": ["a"]}}]}, "from[0].source.principal: unknown field; did you mean "),
        ({"to": [{}]}, "to[0].operation: required, and missing"),
        ({"to": [{"operation": {}}]}, "to[0].operation: must not be empty"),
        ({"to": [{"operation": {"path": ["/"]}}]}, "to[0].operation.path: unknown field; did you mean paths?"),
        ({"form": []}, "form: unknown field; did you mean from?"),
        (source(principals=["spiffe://a/b"]), "from[0].source.principals[0]: is written without spiffe://"),
        (source(namespaces=["A"]), "from[0].source.namespaces[0]: expected a namespace"),
        (source(ipBlocks=["a"]), "from[0].source.ipBlocks[0]: expected an IP address or a CIDR block"),
        (source(serviceAccounts=["*"]), "from[0].source.serviceAccounts[0]: expected a service account"),
        (
            source(serviceAccounts=[f"a{n}" for n in range(17)]),
            "from[0].source.serviceAccounts: has 17 elements; at most 16 are accepted",
        ),
        (
            source(serviceAccounts=["a"], principals=["b"]),
            "from[0].source.serviceAccounts: cannot stand beside principals; use two sources",
        ),
        (
            source(notServiceAccounts=["a"], namespaces=["b"], notNamespaces=["c"], notPrincipals=["d"]),
            "from[0].source.serviceAccounts: cannot stand beside notPrincipals and namespaces and notNamespaces;",
        ),
        (
            source(trustDomains=["a"]),
            "from[0].source.trustDomains: valid elsewhere but not supported here: write principals",
        ),
        (
            source(notTrustDomains=["a"]),
            "from[0].source.notTrustDomains: valid elsewhere but not supported here: write principals",
        ),
        (operation(ports=["http"]), "to[0].operation.ports[0]: expected a port number"),
        (operation(ports=[80]), "to[0].operation.ports[0]: expected text, found 80"),
        (operation(paths=["/a/{b}"]), "to[0].operation.paths[0]: {*} and {**} stand for whole segments"),
        (operation(methods=["*E*"]), "to[0].operation.methods[0]: * may only stand at one end"),
        (operation(hosts=["a/b"]), "to[0].operation.hosts[0]: expected a host name without a path"),
    ],
)
def test_rules_that_are_refused(rule: dict[str, Any], reason: str) -> None:
    """One problem each, with its path."""
    (problem,) = problems(authorization_policy("a", rule))
    assert problem.removeprefix("spec.rules[0].").startswith(reason)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"action": "CUSTOM"}, "spec.action: CUSTOM is valid elsewhere but not supported here; use ALLOW or DENY or"),
        ({"action": "allow"}, "spec.action: expected one of ALLOW, DENY, AUDIT, found"),
        ({"provider": {"name": "a"}}, "spec.provider: valid elsewhere but not supported here: no external authorizer"),
        ({"rules": [None]}, "spec.rules[0]: expected an object, found null"),
        ({"rules": {}}, "spec.rules: expected a list, found an object"),
        ({"rule": []}, "spec.rule: unknown field; did you mean rules?"),
    ],
)
def test_what_else_is_refused(spec: dict[str, Any], reason: str) -> None:
    """An action that would have to ask somebody else, above all."""
    (problem,) = problems(authorization_policy("a", **spec))
    assert problem.startswith(reason)


def test_a_dry_run_that_is_neither() -> None:
    """Istio would enforce it; nobody who writes the annotation means that."""
    assert problems(authorization_policy("a", {}, dry_run="yes")) == [
        'metadata.annotations["istio.io/dry-run"]: expected "true" or "false"'
    ]


def test_a_policy_without_a_spec() -> None:
    """An empty one allows nothing; none at all is a slip."""
    written = authorization_policy("a")
    del written["spec"]
    assert problems(written) == ["spec: required, and missing"]
