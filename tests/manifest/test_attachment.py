"""Which HTTPRoutes are attached to which listeners, and for which hosts."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.api_model import KubernetesGateway
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import ObjectKey
from tests.manifest.api_writing import allowing, http_route, kubernetes_gateway, listens, reference, sends
from tests.manifest.writing import document, read, warnings

SERVICE = document("Service", "a", spec={"ports": [{"port": 8000}], "selector": {}})
NAMESPACES = [document("Namespace", name, "") for name in ("prod", "other")]


def catalog(*documents: dict[str, Any]) -> Catalog:
    return Catalog.of(read(*NAMESPACES, SERVICE, *documents))


def attached(mesh: Catalog, name: str = "edge") -> dict[str, list[tuple[str, tuple[str, ...]]]]:
    """Listener → routes with their hosts."""
    gateway = mesh.get(ObjectKey(KubernetesGateway.kind, "prod", name))
    assert isinstance(gateway, KubernetesGateway)
    found = {listener.name: mesh.attachments.at(gateway, listener) for listener in gateway.listeners}
    return {name: [(each.route.name, each.hosts) for each in routes] for name, routes in found.items()}


def of_routes(mesh: Catalog) -> list[str]:
    return [text for text in warnings(mesh) if text.startswith("HTTPRoute")]


def test_a_route_is_attached_to_the_listeners_that_it_means() -> None:
    """All of a Gateway's, or those of a name or a port."""
    edge = kubernetes_gateway("edge", listens("one", port=1), listens("two", port=2), listens("three", port=3))
    some = [
        http_route("all", sends("a")),
        http_route("named", sends("a"), parents=(reference("edge", sectionName="two"),)),
        http_route("numbered", sends("a"), parents=(reference("edge", port=3), reference("edge", port=1))),
        http_route("elsewhere", sends("a"), parents=("other/edge",)),
    ]
    assert {name: [route for route, _ in routes] for name, routes in attached(catalog(edge, *some)).items()} == {
        "one": ["all", "numbered"],
        "two": ["all", "named"],
        "three": ["all", "numbered"],
    }


@pytest.mark.parametrize(
    ("listener", "routes", "both"),
    [
        ("", (), ("*",)),
        ("", ("a.example.com",), ("a.example.com",)),
        ("*.example.com", (), ("*.example.com",)),
        ("*.example.com", ("a.example.com", "a.example.org", "*.b.example.com"), ("a.example.com", "*.b.example.com")),
        ("a.example.com", ("*.example.com", "a.example.com"), ("a.example.com",)),
    ],
)
def test_hosts_are_those_of_both(listener: str, routes: tuple[str, ...], both: tuple[str, ...]) -> None:
    """A listener without a hostname has every host, and so has a route."""
    edge = kubernetes_gateway("edge", listens("one", host=listener))
    hosts: dict[str, Any] = {"hostnames": list(routes)} if routes else {}
    mesh = catalog(edge, http_route("r", sends("a"), **hosts))
    assert attached(mesh) == {"one": [("r", both)]}
    assert of_routes(mesh) == []


def test_a_host_is_the_most_exact_listeners_alone() -> None:
    """Of listeners that share a port and protocol; on another port it may be had again."""
    edge = kubernetes_gateway(
        "edge",
        listens("exact", host="a.b.example.com"),
        listens("some", host="*.example.com"),
        listens("all"),
        listens("elsewhere", port=81),
    )
    hosts = ["a.b.example.com", "*.b.example.com", "c.example.com", "d.org"]
    route = http_route("r", sends("a"), hostnames=hosts)
    assert {name: hosts for name, [(_, hosts)] in attached(catalog(edge, route)).items()} == {
        "exact": ("a.b.example.com",),
        "some": ("*.b.example.com", "c.example.com"),
        "all": ("d.org",),
        "elsewhere": tuple(hosts),
    }


@pytest.mark.parametrize(
    ("allowed", "taken"),
    [
        (allowing("Same"), ["own"]),
        (allowing("All"), ["foreign", "own"]),
        (allowing("Selector", matchLabels={"kubernetes.io/metadata.name": "other"}), ["foreign"]),
        (allowing("Selector", matchLabels={"team": "x"}), ["foreign"]),
        (allowing("Selector", matchLabels={"team": "y"}), []),
        (allowing("Selector", matchExpressions=[{"key": "team", "operator": "DoesNotExist"}]), ["own"]),
        (allowing("Selector", matchExpressions=[{"key": "team", "operator": "Exists"}]), ["foreign"]),
        (allowing("Selector", matchExpressions=[{"key": "team", "operator": "In", "values": ["x"]}]), ["foreign"]),
        (allowing("Selector", matchExpressions=[{"key": "team", "operator": "NotIn", "values": ["x"]}]), ["own"]),
        ({"kinds": [{"kind": "GRPCRoute"}]}, []),
    ],
)
def test_a_listener_says_from_where_it_takes_routes(allowed: dict[str, Any], taken: list[str]) -> None:
    """From its own namespace, from all, or from those with labels; every namespace has its name as a label."""
    labelled = document("Namespace", "other", "")
    labelled["metadata"]["labels"] = {"team": "x"}
    routes = (
        http_route("foreign", sends("prod/a"), parents=("prod/edge",), namespace="other"),
        http_route("own", sends("a")),
    )
    edge = kubernetes_gateway("edge", listens("one", allowedRoutes=allowed))
    mesh = Catalog.of(read(NAMESPACES[0], labelled, SERVICE, edge, *routes))
    assert sorted(name for name, _ in attached(mesh)["one"]) == taken


def test_the_default_namespace_needs_no_manifest() -> None:
    """Its name is a label all the same."""
    selector = {"matchLabels": {"kubernetes.io/metadata.name": "default"}}
    edge = kubernetes_gateway("edge", listens("one", allowedRoutes=allowing("Selector", **selector)))
    route = http_route("r", sends("a"), parents=("prod/edge",), namespace="default")
    assert [name for name, _ in attached(catalog(edge, route))["one"]] == ["r"]


def test_older_routes_come_first() -> None:
    """By creation time, then by name."""
    (edge, new, old) = read(
        kubernetes_gateway("edge", listens("one")), http_route("a", sends("a")), http_route("b", sends("a"))
    )
    dated = [type(each)(**{**vars(each), "created_at": at}) for each, at in ((new, "2026-02"), (old, "2026-01"))]
    mesh = Catalog.of([edge, *dated])
    assert [name for name, _ in attached(mesh)["one"]] == ["b", "a"]
    gateway = mesh.get(edge.key)
    assert isinstance(gateway, KubernetesGateway)
    assert [route.name for route in mesh.attachments.of(gateway)] == ["b", "a"]


def test_routes_that_are_not_attached_are_named() -> None:
    """With what is missing: Gateway, listener, leave to attach, a common host, or a destination."""
    edge = kubernetes_gateway(
        "edge", listens("one", host="a.example.com"), listens("two", port=2, host="b.example.com")
    )
    tcp = kubernetes_gateway("tcp", listens("tls", "TLS", tls={"mode": "Passthrough"}))
    mesh = catalog(
        edge,
        tcp,
        http_route("a", sends("a"), parents=()),
        http_route("b", sends("a"), parents=("none",)),
        http_route("c", sends("a"), parents=(reference("edge", sectionName="three", port=4),)),
        http_route("d", sends("a"), hostnames=["c.example.com"]),
        http_route("e", sends("a"), parents=("tcp",)),
        http_route("f", sends("prod/a"), parents=("prod/edge",), namespace="other"),
        http_route("g", sends("none"), sends("none", port=1), sends("a", port=81)),
        http_route("h", sends("a"), parents=(reference("broad", sectionName="all"),), hostnames=["a.example.com"]),
        kubernetes_gateway(
            "broad", listens("all", allowedRoutes=allowing("All")), listens("exact", host="a.example.com")
        ),
    )
    edge_name, other = "Gateway.gateway.networking.k8s.io prod/edge", "(allowedRoutes: Same)"
    assert of_routes(mesh) == [
        "HTTPRoute other/f: the "
        f"{edge_name} does not take it: listener one takes no routes of namespace other {other}, "
        f"two takes no routes of namespace other {other}",
        "HTTPRoute prod/a: it names no Gateway in spec.parentRefs",
        "HTTPRoute prod/b: the Gateway.gateway.networking.k8s.io prod/none does not exist",
        f"HTTPRoute prod/c: the {edge_name} has no listener three on port 4",
        f"HTTPRoute prod/d: the {edge_name} does not take it: listener one is for a.example.com, which is none of its "
        "hosts, two is for b.example.com, which is none of its hosts",
        "HTTPRoute prod/e: the Gateway.gateway.networking.k8s.io prod/tcp does not take it: listener tls takes no "
        "HTTPRoutes",
        "HTTPRoute prod/h: the Gateway.gateway.networking.k8s.io prod/broad does not take it: listener all leaves its "
        "hosts to the listeners that have them more exactly",
        "HTTPRoute other/f: no ReferenceGrant of namespace prod lets it refer to the Service prod/a",
        "HTTPRoute prod/g: the Service prod/a has no port 81",
        "HTTPRoute prod/g: the Service prod/none does not exist",
    ]
