"""Whether policies have any effect."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.policy_model import DestinationRule, Policy
from meshtui.policy.effect import no_effect
from tests.manifest.policy_writing import (
    authorization_policy,
    destination_rule,
    jwt_rule,
    peer_authentication,
    request_authentication,
)
from tests.policy.meshes import ONLY_A, with_policies

NOBODY: dict[str, Any] = {"selector": {"matchLabels": {"app": "nobody"}}}
STRICT = peer_authentication("old", "STRICT")


def reasons(*written: dict[str, Any]) -> dict[str, str]:
    catalog = with_policies(*written)
    return {item.name: no_effect(catalog, item) for item in catalog if isinstance(item, Policy | DestinationRule)}


@pytest.mark.parametrize(
    ("written", "reason"),
    [
        (peer_authentication("p", "STRICT", **NOBODY), "no workload of namespace prod has the labels of its selector"),
        (authorization_policy("p", **NOBODY), "no workload of namespace prod has the labels of its selector"),
        (
            authorization_policy("p", namespace="istio-system", **NOBODY),
            "no workload has the labels of its selector",
        ),
        (peer_authentication("p", "STRICT", namespace="empty"), "there is no workload of namespace empty"),
        (
            peer_authentication("p", "STRICT", namespace="istio-system", **ONLY_A),
            "as in Istio, one with a selector is ignored in istio-system; put it into the workload's namespace",
        ),
        (
            peer_authentication("p", "STRICT", namespace="edge"),
            "no workload that it is about has a sidecar to enforce it",
        ),
        (
            authorization_policy("p", {}, namespace="agents"),
            "no workload that it is about has a proxy to enforce it",
        ),
        (authorization_policy("p", action="DENY"), "DENY without rules matches no request"),
        (authorization_policy("p", action="AUDIT"), "AUDIT without rules matches no request"),
        (request_authentication("p"), "without jwtRules no token is looked at"),
        (destination_rule("p", "a"), "it says nothing of TLS"),
        (destination_rule("p", "nobody", "DISABLE"), "there is no Service nobody.prod.svc.cluster.local"),
        (destination_rule("p", "*.example.com", "DISABLE"), "there is no Service *.example.com"),
    ],
)
def test_what_has_no_effect(written: dict[str, Any], reason: str) -> None:
    """Each with the reason."""
    assert reasons(written) == {"p": reason}


@pytest.mark.parametrize(
    "written",
    [
        peer_authentication("p", "STRICT", namespace="istio-system"),
        peer_authentication("p"),
        authorization_policy("p"),
        authorization_policy("p", {}, namespace="edge"),
        request_authentication("p", jwt_rule()),
        destination_rule("p", "a", "DISABLE"),
        destination_rule("p", "*.local", "DISABLE"),
    ],
)
def test_what_has_an_effect(written: dict[str, Any]) -> None:
    """An ALLOW without rules allows nothing, which is much."""
    assert reasons(written) == {"p": ""}


@pytest.mark.parametrize("selector", [{}, ONLY_A])
def test_the_older_stands(selector: dict[str, Any]) -> None:
    """Of two PeerAuthentications of one scope; of other kinds all of them do."""
    old, new = (peer_authentication(name, "STRICT", **selector) for name in ("old", "new"))
    assert reasons(old, new) == {"new": "the older PeerAuthentication prod/old stands in its place", "old": ""}
    assert set(reasons(authorization_policy("old", **selector), authorization_policy("new", **selector)).values()) == {
        ""
    }


def test_scopes_do_not_shadow_each_other() -> None:
    """The mesh, its namespaces and single workloads may each have one, and two selectors that meet only in part."""
    mesh_wide = peer_authentication("mesh", "STRICT", namespace="istio-system")
    single = peer_authentication("single", "STRICT", **ONLY_A)
    all_injected = peer_authentication(
        "injected", "STRICT", selector={"matchLabels": {"sidecar.istio.io/inject": "true"}}
    )
    assert set(reasons(mesh_wide, STRICT, single, all_injected).values()) == {""}


def test_a_rule_may_stand_in_place_of_another() -> None:
    """The older of two for one host, and the nearer name before a wildcard."""
    first, second = (destination_rule(name, "a", "DISABLE") for name in ("first", "second"))
    names = [destination_rule(name, name, "ISTIO_MUTUAL") for name in ("a", "b")]
    star = destination_rule("star", "*.prod.svc.cluster.local", "DISABLE")
    assert reasons(first, second) == {"first": "", "second": "the DestinationRule prod/first stands in its place"}
    assert reasons(star, *names)["star"] == "the DestinationRule prod/a stands in its place"
    assert reasons(star, names[0])["star"] == ""
