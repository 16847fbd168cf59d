"""Policies as rows."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.backends.embedded.delivery import Delivery, ResourceKey
from meshtui.backends.embedded.policies import carriers, policy_rows
from meshtui.manifest.model import ObjectKey
from meshtui.manifest.policy_model import DestinationRule, Policy
from meshtui.mesh.access import PolicyRow
from meshtui.wire.discovery import CLUSTER, EXTENSION, LISTENER, SECRET
from tests.manifest.policy_writing import (
    authorization_policy,
    destination_rule,
    jwt_rule,
    peer_authentication,
    request_authentication,
)
from tests.policy.meshes import ONLY_A, with_policies

TARGETS = ("workload/prod/a", "workload/prod/b", "workload/other/c", "workload/edge/ingress")
DONE = dict.fromkeys(TARGETS, Delivery())


def row(
    written: dict[str, Any],
    *,
    deliveries: dict[str, Delivery] = DONE,
    decisions: dict[str, int] | None = None,
    envoys: bool = True,
) -> PolicyRow:
    (found,) = policy_rows(with_policies(written), deliveries, decisions or {}, envoys=envoys)
    return found


@pytest.mark.parametrize(
    ("written", "says"),
    [
        (peer_authentication("p"), "UNSET"),
        (
            peer_authentication(
                "p", "STRICT", portLevelMtls={"9": {"mode": "UNSET"}, "80": {"mode": "DISABLE"}}, **ONLY_A
            ),
            "STRICT, 9 UNSET, 80 DISABLE",
        ),
        (authorization_policy("p"), "ALLOW nothing"),
        (authorization_policy("p", {}, action="DENY"), "DENY 1 rule"),
        (authorization_policy("p", {}, {}, action="AUDIT"), "AUDIT 2 rules"),
        (request_authentication("p", jwt_rule("one"), jwt_rule("two"), jwt_rule("one")), "one, two"),
        (request_authentication("p"), "no issuer"),
        (destination_rule("p", "a", "ISTIO_MUTUAL"), "ISTIO_MUTUAL a.prod.svc.cluster.local"),
        (
            destination_rule("p", "*", portLevelSettings=[{"port": {"number": 80}, "tls": {"mode": "DISABLE"}}]),
            "auto *, 80 DISABLE",
        ),
    ],
)
def test_what_a_policy_says(written: dict[str, Any], says: str) -> None:
    """In a few words."""
    assert row(written).says == says


@pytest.mark.parametrize(
    ("written", "scope", "workloads"),
    [
        (peer_authentication("p", "STRICT", namespace="istio-system"), "mesh", 5),
        (peer_authentication("p", "STRICT"), "namespace prod", 2),
        (authorization_policy("p", **ONLY_A), "app=a in prod", 1),
        (authorization_policy("p", selector={"matchLabels": {"b": "c", "app": "a"}}), "app=a,b=c in prod", 0),
        (authorization_policy("p", namespace="istio-system", **ONLY_A), "app=a in the mesh", 1),
        (destination_rule("p", "a", "DISABLE"), "clients of the mesh", 4),
        (destination_rule("p", "c.other.svc.cluster.local", "DISABLE"), "clients in prod", 2),
    ],
)
def test_whom_a_policy_is_about(written: dict[str, Any], scope: str, workloads: int) -> None:
    """In words, and how many that are now."""
    assert (row(written).scope, row(written).workloads) == (scope, workloads)


def test_rows_are_sorted_and_named() -> None:
    """By kind, namespace and name, with what their calls were counted under."""
    written = (
        peer_authentication("p", "STRICT", namespace="istio-system"),
        authorization_policy("b", {}),
        authorization_policy("a", {}, namespace="prod"),
        authorization_policy("c", {}, namespace="edge"),
        destination_rule("d", "a", "DISABLE"),
        request_authentication("r", jwt_rule()),
    )
    decisions = {"AuthorizationPolicy prod/b": 7}
    rows = policy_rows(with_policies(*written), DONE, decisions, envoys=True)
    assert [each.policy for each in rows] == [
        "AuthorizationPolicy edge/c",
        "AuthorizationPolicy prod/a",
        "AuthorizationPolicy prod/b",
        "DestinationRule prod/d",
        "PeerAuthentication istio-system/p",
        "RequestAuthentication prod/r",
    ]
    assert [each.decisions for each in rows] == [0, 0, 7, 0, 0, 0]
    assert {(each.state, each.problem) for each in rows} == {("in force", "")}
    assert {(each.kind, each.namespace, each.name) for each in rows if each.decisions} == {
        ("AuthorizationPolicy", "prod", "b")
    }


RESOURCES: list[tuple[dict[str, Any], list[ResourceKey]]] = [
    (peer_authentication("p", "STRICT"), [(EXTENSION, "plaintext"), (LISTENER, "inbound")]),
    (authorization_policy("p", {}), [(EXTENSION, "authorization-allow")]),
    (authorization_policy("p", {}, action="DENY"), [(EXTENSION, "authorization-deny")]),
    (authorization_policy("p", {}, action="AUDIT"), [(EXTENSION, "authorization-audit")]),
    (request_authentication("p", jwt_rule()), [(EXTENSION, "jwt")]),
    (
        destination_rule("p", "a", "DISABLE"),
        [(CLUSTER, "outbound|80||a.prod.svc.cluster.local"), (CLUSTER, "outbound|81||a.prod.svc.cluster.local")],
    ),
]


@pytest.mark.parametrize(("written", "resources"), RESOURCES)
def test_each_is_in_some_resources(written: dict[str, Any], resources: list[ResourceKey]) -> None:
    """Of which each can be waited for, or refused."""
    catalog = with_policies(written)
    (policy,) = (each for each in catalog if isinstance(each, Policy | DestinationRule))
    assert list(carriers(catalog, policy)) == resources
    for resource in resources:
        waiting = DONE | {TARGETS[1]: Delivery(waiting=frozenset({resource, (SECRET, "other")}))}
        found = row(written, deliveries=waiting)
        expected = "pending", f"1 of {found.workloads} proxies has not acknowledged it yet."
        # which is not asked for by a proxy without plaintext
        assert (found.state, found.problem) == (expected if resource != (EXTENSION, "plaintext") else ("in force", ""))
        refused = waiting | {TARGETS[0]: Delivery(refused={resource: "No such thing."})}
        found = row(written, deliveries=refused)
        assert (found.state, found.problem) == (
            "rejected",
            "The Envoy of workload/prod/a rejected it: No such thing. What was there before stays in force.",
        )
    other = Delivery(waiting=frozenset({(SECRET, "other")}), refused={(SECRET, "other"): "no"})
    assert row(written, deliveries=dict.fromkeys(TARGETS, other)).state == "in force"


def test_what_did_not_change_is_not_rejected() -> None:
    """Two policies in one filter: the one that changed is rejected, and the other is in force as it was."""
    resource = EXTENSION, "authorization-deny"
    changed = ObjectKey("AuthorizationPolicy", "prod", "changed")
    delivery = Delivery(frozenset({resource}), {resource: "No such thing."}, {resource: (changed,)})
    catalog = with_policies(*(authorization_policy(name, {}, action="DENY") for name in ("as-it-was", "changed")))
    rows = policy_rows(catalog, dict.fromkeys(TARGETS, delivery), {}, envoys=True)
    assert [(each.name, each.state) for each in rows] == [("as-it-was", "in force"), ("changed", "rejected")]


def test_proxies_that_are_not_there_yet_are_waited_for() -> None:
    """They have acknowledged nothing."""
    found = row(authorization_policy("p", {}), deliveries={})
    assert (found.state, found.problem) == ("pending", "2 of 2 proxies have not acknowledged it yet.")


def test_others_do_not_matter() -> None:
    """A policy is in force when those that it is about have it."""
    behind = Delivery(waiting=frozenset({(EXTENSION, "authorization-allow")}))
    deliveries = DONE | {"workload/other/c": behind, "workload/prod/b": behind}
    assert row(authorization_policy("p", {}, **ONLY_A), deliveries=deliveries).state == "in force"


def test_a_dry_run_is_one_when_it_runs() -> None:
    """Not before, and not where it was rejected."""
    written = authorization_policy("p", {}, dry_run="true")
    assert row(written).state == "dry run"
    assert row(written, deliveries={}).state == "pending"


def test_what_has_no_effect_says_why() -> None:
    """A sentence; also where nothing could enforce anything."""
    found = row(authorization_policy("p", action="DENY"))
    assert (found.state, found.problem) == ("without effect", "DENY without rules matches no request.")
    found = row(authorization_policy("p", {}), envoys=False)
    assert (found.state, found.problem) == (
        "without effect",
        "This mesh runs without Envoys: nothing enforces it.",
    )
