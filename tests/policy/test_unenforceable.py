"""What the sidecars of this mesh cannot enforce."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.policy.unenforceable import unenforceable
from tests.manifest.policy_writing import authorization_policy, source, when
from tests.manifest.writing import deployment
from tests.policy.meshes import AGENT, INGRESS, ONLY_A, with_policies
from tests.policy.writing import INJECTED

EDGE: dict[str, Any] = {"selector": {"matchLabels": {"istio": "ingressgateway"}}}
NEW: dict[str, Any] = {"selector": {"matchLabels": {"app": "new"}}}
ADDRESSES: list[tuple[dict[str, Any], str, str]] = [
    (source(ipBlocks=["10.0.0.1"]), "from[0].source.ipBlocks", "use remoteIpBlocks, or select gateways only"),
    (source(notIpBlocks=["10.0.0.1"]), "from[0].source.notIpBlocks", "use notRemoteIpBlocks, or select gateways only"),
    (when("source.ip", "10.0.0.1"), "when[0].key", "use remote.ip, or select gateways only"),
    (when("source.ip", notValues=["10.0.0.1"]), "when[0].key", "use remote.ip, or select gateways only"),
    (when("destination.ip", "10.0.0.1"), "when[0].key", "select the workloads, or gateways only"),
]


@pytest.mark.parametrize(("rule", "path", "instead"), ADDRESSES)
@pytest.mark.parametrize("action", ["ALLOW", "DENY", "AUDIT"])
def test_addresses_are_refused_for_sidecars(rule: dict[str, Any], path: str, instead: str, action: str) -> None:
    """With the place, a workload that it is about, and what to write instead; a dry run as well."""
    (problem,) = unenforceable(with_policies(authorization_policy("p", {}, rule, action=action, dry_run="true")))
    assert problem.startswith(f"AuthorizationPolicy prod/p: spec.rules[1].{path}: ")
    assert "is valid in Istio but not supported here for workload/prod/a: " in problem
    assert problem.endswith(instead)


@pytest.mark.parametrize(("rule", "path", "instead"), ADDRESSES)
def test_addresses_are_there_at_gateways(rule: dict[str, Any], path: str, instead: str) -> None:
    """And it does not matter where there is no proxy; across the mesh there is always a sidecar."""
    taken = (
        authorization_policy("p", rule, namespace="edge", **EDGE),
        authorization_policy("q", rule, namespace="agents"),
    )
    assert unenforceable(with_policies(*taken)) == ()
    assert path in unenforceable(with_policies(authorization_policy("p", rule, namespace="istio-system")))[0]


def test_what_a_trusted_proxy_names_can_be_asked_for() -> None:
    """The client's address comes in a header."""
    rules = source(remoteIpBlocks=["::1"], notRemoteIpBlocks=["::2"]), when("remote.ip", "::1")
    assert unenforceable(with_policies(authorization_policy("p", *rules))) == ()


def test_a_workload_that_comes_later_is_refused_too() -> None:
    """The policy was right until a sidecar would be under it."""
    only_new = authorization_policy("p", source(ipBlocks=["::1"]), **NEW)
    assert unenforceable(with_policies(only_new)) == ()
    new = deployment("new", {**INJECTED, "app": "new"})
    (problem,) = unenforceable(with_policies(only_new, more=(INGRESS, AGENT, new)))
    assert "for workload/prod/new: " in problem


def test_every_place_is_told() -> None:
    """Of all policies, each place by itself."""
    found = unenforceable(
        with_policies(
            authorization_policy("p", source(ipBlocks=["::1"], notIpBlocks=["::2"]), when("destination.ip", "::1")),
            authorization_policy("q", source(ipBlocks=["::1"]), **ONLY_A),
        )
    )
    assert [problem.split(": ")[:2] for problem in found] == [
        ["AuthorizationPolicy prod/p", "spec.rules[0].from[0].source.ipBlocks"],
        ["AuthorizationPolicy prod/p", "spec.rules[0].from[0].source.notIpBlocks"],
        ["AuthorizationPolicy prod/p", "spec.rules[1].when[0].key"],
        ["AuthorizationPolicy prod/q", "spec.rules[0].from[0].source.ipBlocks"],
    ]
