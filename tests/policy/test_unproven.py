"""Rules that ask for what callers cannot have."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.policy_model import AuthorizationPolicy
from meshtui.policy.unproven import unproven
from tests.manifest.policy_writing import (
    authorization_policy,
    jwt_rule,
    peer_authentication,
    request_authentication,
    source,
    when,
)
from tests.policy.meshes import policy, with_policies


def told(action: str, rule: dict[str, Any], *others: dict[str, Any], namespace: str = "prod") -> list[str]:
    catalog = with_policies(authorization_policy("p", rule, action=action, namespace=namespace), *others)
    found = policy(catalog, AuthorizationPolicy, f"{namespace}/p")
    assert isinstance(found, AuthorizationPolicy)
    return list(unproven(catalog, found))


NAMED = [
    source(principals=["*"]),
    source(namespaces=["prod"]),
    source(serviceAccounts=["a"], notServiceAccounts=["b"]),
    when("source.principal", "*"),
    when("source.namespace", "*", notValues=["b"]),
    {**source(remoteIpBlocks=["::1"]), **when("source.serviceAccount", "a")},
]
EXCEPTED = [
    source(notPrincipals=["a"]),
    source(notNamespaces=["a"]),
    source(notServiceAccounts=["a"]),
    when("source.namespace", notValues=["a"]),
    {"from": [*source(principals=["a"])["from"], *source(notNamespaces=["a"])["from"]]},
]
NEITHER: list[dict[str, Any]] = [
    {},
    source(remoteIpBlocks=["::1"]),
    {"from": [*source(principals=["a"], notPrincipals=["b"])["from"], *source(remoteIpBlocks=["::1"])["from"]]},
]
NOT_DENIED = "spec.rules[0]: who comes in plaintext has no identity, and is not denied at "
PASSES = "spec.rules[0]: who comes in plaintext has no identity, so is not excepted, and may pass at "
NOBODY = "spec.rules[0]: nobody has an identity at "
PERMISSIVE = "workload/prod/a, which is PERMISSIVE by default"
DISABLED = "workload/prod/a, which is DISABLE by PeerAuthentication prod/mode"


@pytest.mark.parametrize("rule", NAMED)
@pytest.mark.parametrize(
    ("action", "permissive", "disabled"),
    [
        ("DENY", [NOT_DENIED + PERMISSIVE], [NOT_DENIED + DISABLED]),
        ("ALLOW", [], [NOBODY + DISABLED]),
        ("AUDIT", [], [NOBODY + DISABLED]),
    ],
)
def test_names_in_plaintext(rule: dict[str, Any], action: str, permissive: list[str], disabled: list[str]) -> None:
    """A DENY does not catch who has no name; where there is only plaintext nothing that asks for one matches."""
    assert told(action, rule) == permissive
    assert told(action, rule, peer_authentication("mode", "DISABLE")) == disabled
    assert told(action, rule, peer_authentication("mode", "STRICT")) == []


@pytest.mark.parametrize("rule", EXCEPTED)
def test_exceptions_in_plaintext(rule: dict[str, Any]) -> None:
    """Who has no name is none of those that may not; a DENY of all others denies him as well."""
    assert told("ALLOW", rule) == [PASSES + PERMISSIVE]
    assert told("ALLOW", rule, peer_authentication("mode", "STRICT")) == []
    assert told("DENY", rule) == []


@pytest.mark.parametrize("rule", NEITHER)
@pytest.mark.parametrize("action", ["ALLOW", "DENY", "AUDIT"])
def test_what_is_not_about_names(rule: dict[str, Any], action: str) -> None:
    """Nothing is said of it."""
    assert told(action, rule) == []


def test_the_workload_that_takes_plaintext_is_named() -> None:
    """Even where most do not, and never a gateway."""
    only_b: dict[str, Any] = {"selector": {"matchLabels": {"app": "b"}}}
    strict = peer_authentication("strict", "STRICT", namespace="istio-system")
    disabled = peer_authentication("mode", "DISABLE", **only_b)
    assert told("DENY", source(principals=["*"]), strict, disabled) == [
        NOT_DENIED + "workload/prod/b, which is DISABLE by PeerAuthentication prod/mode"
    ]
    assert told("DENY", source(principals=["*"]), namespace="edge") == []


@pytest.mark.parametrize("rule", [source(requestPrincipals=["*"]), when("request.auth.claims[a]", "b")])
@pytest.mark.parametrize("namespace", ["prod", "edge", "istio-system"])
def test_tokens_that_nobody_checks(rule: dict[str, Any], namespace: str) -> None:
    """Only a RequestAuthentication about the same workloads makes a token count."""
    lacking = "spec.rules[0]: no request has a valid token, without a RequestAuthentication about the same workloads"
    elsewhere = request_authentication("elsewhere", jwt_rule(), namespace="other2")
    assert told("ALLOW", rule, elsewhere, namespace=namespace) == [lacking]
    assert told("ALLOW", rule, request_authentication("none", namespace=namespace), namespace=namespace) == [lacking]
    assert (
        told("ALLOW", rule, request_authentication("one", jwt_rule(), namespace=namespace), namespace=namespace) == []
    )


def test_exceptions_of_tokens_match_without_one() -> None:
    """Nothing is said of them."""
    rule = source(notRequestPrincipals=["*"])
    assert told("DENY", rule) == []
