"""Which manifests go into which resource, and which of them may be why a proxy refused it."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Manifest
from meshtui.manifest.policy_model import Rule
from meshtui.wire.discovery import CLUSTER, EXTENSION, LISTENER, ROUTE, SECRET
from meshtui.xds import extensions
from meshtui.xds.origins import origins, suspects
from meshtui.xds.resources import resources_of
from tests.enforcement.tokens import Issuer, request_authentication
from tests.manifest.writing import gateway, https, read, to, virtual_service
from tests.policy.authorizing import policy, rule
from tests.policy.writing import STRICT, peer
from tests.xds.reading import HTTPBIN_CLUSTER, SLEEP, context, key_pair, mesh

GATEWAY = "workload/istio-system/istio-ingressgateway"


def demo(*more: Manifest) -> Catalog:
    return mesh().apply(more)


def names(catalog: Catalog, target: str, type_url: str, name: str) -> set[str]:
    return {str(key) for key in origins(catalog, target, type_url, name)}


def test_policies_go_into_the_filter_of_their_action() -> None:
    """Those about the workload, and no others."""
    catalog = demo(
        policy("deny", "DENY", Rule()),
        policy("allow", "ALLOW", Rule()),
        policy("mesh", "DENY", namespace="istio-system"),
        policy("other", "DENY", namespace="default"),
        request_authentication("tokens", Issuer("a").rule()),
        peer("strict", STRICT),
    )
    found = {name: names(catalog, SLEEP, EXTENSION, name) for name in (extensions.PLAINTEXT, *extensions.ENFORCED)}
    assert found[extensions.DENY] == {"AuthorizationPolicy prod/deny", "AuthorizationPolicy istio-system/mesh"}
    assert found[extensions.ALLOW] == {"AuthorizationPolicy prod/allow"}
    assert found[extensions.AUDIT] == set()
    assert found[extensions.JWT] == {"RequestAuthentication prod/tokens"}
    assert "PeerAuthentication prod/strict" in found[extensions.PLAINTEXT]
    assert names(catalog, SLEEP, LISTENER, "inbound") >= {"PeerAuthentication prod/strict", "Deployment prod/sleep"}


def test_routes_clusters_and_secrets() -> None:
    """VirtualServices go into routes, Services and what is behind them into clusters, Secrets into secrets."""
    inside = virtual_service("inside", to("httpbin"), gateways=("mesh",))
    outside = virtual_service("outside", to("httpbin"), gateways=("edge",))
    catalog = demo(*read(gateway("edge", https("a.example.com")), inside, outside, key_pair("credential")))
    assert "VirtualService prod/inside" in names(catalog, SLEEP, ROUTE, "outbound")
    assert "VirtualService prod/outside" not in names(catalog, SLEEP, ROUTE, "outbound")
    at_gateway = names(catalog, GATEWAY, ROUTE, "https.443.https.edge.prod")
    assert {"VirtualService prod/outside", "Gateway prod/edge"} <= at_gateway
    assert "VirtualService prod/inside" not in at_gateway
    assert names(catalog, SLEEP, CLUSTER, HTTPBIN_CLUSTER) >= {"Service prod/httpbin", "Deployment prod/httpbin"}
    assert names(catalog, SLEEP, CLUSTER, "inbound|80||") == {"Deployment prod/sleep"}
    assert "Gateway prod/edge" in names(catalog, GATEWAY, LISTENER, "gateway_8443")
    (secret,) = names(catalog, GATEWAY, SECRET, "kubernetes://istio-system/credential")
    assert secret == "Secret istio-system/credential"
    assert origins(catalog, "workload/prod/none", LISTENER, "inbound") == frozenset()


CHANGES: dict[str, Any] = {
    "policy": policy("deny", "DENY", rule(to={"methods": ("PUT",)})),
    "tokens": request_authentication("tokens", Issuer("b").rule()),
    "mode": peer("strict", STRICT),
    "routes": read(virtual_service("inside", to("sleep"), gateways=("mesh",)))[0],
}


@pytest.mark.parametrize("name", CHANGES)
def test_whatever_changes_a_resource_is_among_its_origins(name: str) -> None:
    """No manifest changes a resource that does not name it as an origin."""
    before, after = demo(), demo(CHANGES[name])
    changed = 0
    for type_url, resources in resources_of(after, context(SLEEP)).items():
        known = resources_of(before, context(SLEEP))[type_url]
        for resource, message in resources.items():
            if message != known.get(resource):
                changed += 1
                assert CHANGES[name].key in origins(after, SLEEP, type_url, resource), resource
    assert changed


def test_what_did_not_change_is_not_to_blame() -> None:
    """Between two versions only what was changed, added or removed is suspected; without a first, everything is."""
    old, new, mine = policy("old", "DENY", Rule()), policy("new", "DENY", Rule()), policy("mine", "DENY")
    taken, refused = demo(old, mine), demo(new, policy("mine", "DENY", Rule()))

    def suspected(before: Catalog | None) -> list[str]:
        return [key.name for key in suspects(refused, before, SLEEP, EXTENSION, extensions.DENY)]

    assert suspected(taken) == ["mine", "new", "old"]
    assert suspected(demo(old, mine).apply([new])) == ["mine", "old"]
    assert suspected(None) == ["mine", "new"]
    # nothing changed: it was an older Envoy that took it
    assert suspected(refused) == ["mine", "new"]
