"""Which workloads a policy is about."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.policy_model import AuthorizationPolicy, DestinationRule, PeerAuthentication, Policy
from meshtui.policy.reach import clients_under, enforcing, is_for_all, services_under, workloads_under
from tests.manifest.policy_writing import authorization_policy, destination_rule, peer_authentication
from tests.policy.meshes import ONLY_A, policy, with_policies

ALL = ["agents/agent", "edge/ingress", "other/c", "prod/a", "prod/b"]


@pytest.mark.parametrize(
    ("written", "kind", "about", "enforced"),
    [
        (authorization_policy("p"), AuthorizationPolicy, ["prod/a", "prod/b"], ["prod/a", "prod/b"]),
        (authorization_policy("p", **ONLY_A), AuthorizationPolicy, ["prod/a"], ["prod/a"]),
        (authorization_policy("p", namespace="istio-system"), AuthorizationPolicy, ALL, ALL[1:]),
        (authorization_policy("p", namespace="istio-system", **ONLY_A), AuthorizationPolicy, ["prod/a"], ["prod/a"]),
        (peer_authentication("p", namespace="istio-system"), PeerAuthentication, ALL, ALL[2:]),
        (peer_authentication("p", namespace="istio-system", **ONLY_A), PeerAuthentication, [], []),
        (peer_authentication("p", namespace="nowhere"), PeerAuthentication, [], []),
    ],
)
def test_who_a_policy_is_about(
    written: dict[str, Any], kind: type[Policy], about: list[str], enforced: list[str]
) -> None:
    """And whose proxy enforces it: a gateway's takes no PeerAuthentication, and an agent alone nothing."""
    catalog = with_policies(written)
    found = policy(catalog, kind, f"{written['metadata']['namespace']}/p")
    assert isinstance(found, Policy)
    assert [each.target.removeprefix("workload/") for each in workloads_under(catalog, found)] == about
    assert [each.target.removeprefix("workload/") for each in enforcing(catalog, found)] == enforced


@pytest.mark.parametrize(
    ("rules", "services", "clients", "for_all"),
    [
        ([destination_rule("r", "a", "DISABLE")], ["a"], ["edge/ingress", "other/c", "prod/a", "prod/b"], True),
        ([destination_rule("r", "c.other.svc.cluster.local", "DISABLE")], ["c"], ["prod/a", "prod/b"], False),
        (
            [destination_rule("r", "*.local", "DISABLE", namespace="istio-system")],
            ["c", "a", "b"],
            ["edge/ingress", "other/c", "prod/a", "prod/b"],
            True,
        ),
        (
            [
                destination_rule("r", "*.local", "DISABLE", namespace="istio-system"),
                destination_rule("s", "*", "DISABLE", namespace="other"),
            ],
            ["c", "a", "b"],
            ["edge/ingress", "prod/a", "prod/b"],
            True,
        ),
        ([destination_rule("r", "nobody", "DISABLE")], [], [], False),
        ([destination_rule("older", "a", "DISABLE"), destination_rule("r", "a", "DISABLE")], [], [], False),
    ],
)
def test_who_goes_by_a_destination_rule(
    rules: list[dict[str, Any]], services: list[str], clients: list[str], for_all: bool
) -> None:
    """Everybody who calls Services of its namespace, else that namespace alone; never those with a nearer one."""
    catalog = with_policies(*rules)
    (name,) = (f"{each['metadata']['namespace']}/r" for each in rules if each["metadata"]["name"] == "r")
    found = policy(catalog, DestinationRule, name)
    assert isinstance(found, DestinationRule)
    assert [each.name for each in services_under(catalog, found)] == services
    assert [each.target.removeprefix("workload/") for each in clients_under(catalog, found)] == clients
    assert is_for_all(catalog, found) is for_all
