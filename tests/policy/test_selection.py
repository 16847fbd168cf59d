"""Which policies are about a workload."""

from __future__ import annotations

from meshtui.manifest.model import Metadata
from meshtui.manifest.policy_model import AuthorizationPolicy, PeerAuthentication, Policy
from meshtui.policy.selection import policies_about
from tests.policy.writing import STRICT, mesh, peer, workload


def allow(name: str, namespace: str = "prod", created_at: str = "", **selector: str) -> AuthorizationPolicy:
    return AuthorizationPolicy(
        metadata=Metadata(name=name, namespace=namespace), selector=selector, created_at=created_at
    )


def about(name: str, kind: type[Policy], *policies: Policy) -> list[str]:
    catalog = mesh(*policies)
    return [each.name for each in policies_about(catalog, workload(catalog, name), kind)]


def test_its_namespace_and_the_root_have_a_say() -> None:
    """Policies of other namespaces are none of a workload's business, whatever they select."""
    policies = (allow("root", "istio-system"), allow("own"), allow("foreign", "other", app="a"))
    assert about("prod/a", AuthorizationPolicy, *policies) == ["root", "own"]
    assert about("other/c", AuthorizationPolicy, policies[0], allow("foreign", "other")) == ["root", "foreign"]


def test_a_selector_takes_only_what_has_all_its_labels() -> None:
    """One label that differs is enough to be left alone; in the root namespace a selector reaches into all others."""
    policies = (allow("both", app="a", tier="x"), allow("app", app="a"), allow("root", "istio-system", app="a"))
    assert about("prod/a", AuthorizationPolicy, *policies) == ["root", "app"]
    assert about("prod/b", AuthorizationPolicy, *policies) == []


def test_a_peer_authentication_of_the_root_selects_nothing() -> None:
    """Istio ignores one with a selector there."""
    policies = (peer("selecting", STRICT, "istio-system", {"app": "a"}), peer("whole", STRICT, "istio-system"))
    assert about("prod/a", PeerAuthentication, *policies) == ["whole"]


def test_older_policies_come_first() -> None:
    """Of one namespace by age, then by name."""
    policies = (allow("a", created_at="2026-02-01"), allow("c"), allow("b", created_at="2026-01-01"), allow("d"))
    assert about("prod/a", AuthorizationPolicy, *policies) == ["b", "a", "c", "d"]


def test_kinds_are_kept_apart() -> None:
    """Only policies of the kind that is asked for."""
    assert about("prod/a", PeerAuthentication, peer("p", STRICT), allow("q")) == ["p"]
