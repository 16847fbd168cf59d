"""HTTPRoutes as the VirtualServices that do the same."""

from __future__ import annotations

from typing import Any

from meshtui.manifest.api_model import KubernetesGateway
from meshtui.manifest.api_routes import NOWHERE, virtual_services_at
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Destination, HttpRoute, ObjectKey
from tests.manifest.api_writing import (
    http_route,
    kubernetes_gateway,
    listens,
    path,
    reference,
    reference_grant,
    sends,
    terminates,
)
from tests.manifest.writing import document, read

EDGE = kubernetes_gateway("edge", listens("one"))


def services(*documents: dict[str, Any], listener: int = 0) -> dict[str, tuple[HttpRoute, ...]]:
    """Host → routes at a listener of the Gateway `edge`."""
    mesh = Catalog.of(read(document("Namespace", "prod", ""), *documents))
    gateway = mesh.get(ObjectKey(KubernetesGateway.kind, "prod", "edge"))
    assert isinstance(gateway, KubernetesGateway)
    made = virtual_services_at(mesh, gateway, gateway.servers[listener])
    assert all(len(each.hosts) == 1 and each.gateways == () for each in made)
    return {each.hosts[0]: each.http for each in made}


def names(routes: tuple[HttpRoute, ...]) -> list[str]:
    return [route.name for route in routes]


def destinations(*documents: dict[str, Any]) -> tuple[Destination, ...]:
    (routes,) = services(EDGE, *documents).values()
    return routes[0].destinations


def test_routes_of_one_host_are_tried_most_exact_first() -> None:
    """Whatever HTTPRoute and order they are in: exact paths, longer prefixes, methods, more headers, expressions."""
    header = [{"name": name, "value": "x"} for name in "ab"]
    rules = {
        "regex": path("/a/b/c/d/e.*", "RegularExpression"),
        "everything": path("/"),
        "short": path("/a"),
        "long-two-headers": {**path("/a/b"), "headers": header},
        "long": path("/a/b"),
        "long-header": {**path("/a/b"), "headers": header[:1]},
        "long-method": {**path("/a/b"), "method": "GET"},
        "exact": path("/a", "Exact"),
    }
    routes = [
        http_route(f"r{index}", sends("s", match, name=name), hostnames=["a.example.com"])
        for index, (name, match) in enumerate(rules.items())
    ]
    assert names(services(EDGE, *routes)["a.example.com"]) == [
        "exact",
        "long-method",
        "long-two-headers",
        "long-header",
        "long",
        "short",
        "everything",
        "regex",
    ]


def test_ties_are_the_older_routes() -> None:
    """Then the order of names, then the order in which they are written."""
    rules = [sends("s", path("/a"), name="first"), sends("s", path("/b"), name="second")]
    assert names(
        services(EDGE, http_route("b", *rules), http_route("a", sends("s", path("/c"), name="third")))["*"]
    ) == [
        "third",
        "first",
        "second",
    ]


def test_each_host_has_the_routes_that_are_for_it() -> None:
    """Wildcards and exact hosts are served side by side."""
    edge = kubernetes_gateway("edge", listens("one", host="*.example.com"))
    some = http_route("a", sends("s", name="a"), hostnames=["a.example.com", "x.org"])
    every = http_route("b", sends("s", name="b"))
    found = services(edge, some, every)
    assert {host: names(routes) for host, routes in found.items()} == {"a.example.com": ["a"], "*.example.com": ["b"]}


def test_a_host_without_routes_is_kept_from_broader_listeners() -> None:
    """What is the more exact listener's is answered by none of the others, even where it has no route."""
    edge = kubernetes_gateway("edge", listens("one", host="a.example.com"), listens("two", host="*.example.com"))
    route = http_route("r", sends("s"), parents=(reference("edge", sectionName="two"),), hostnames=["a.example.com"])
    assert services(edge, route, listener=0) == {"a.example.com": ()}
    assert services(edge, route, listener=1) == {}
    assert services(EDGE) == {}


def test_backends_are_services_by_their_full_names() -> None:
    """With the shares that they have; one without a share is left out."""
    refs = [reference("one", port=80, weight=3), reference("two", port=81, weight=0), reference("three", port=82)]
    assert destinations(http_route("r", {"backendRefs": refs})) == (
        Destination(host="one.prod.svc.cluster.local", port=80, weight=3),
        Destination(host="three.prod.svc.cluster.local", port=82, weight=1),
    )


def test_backends_of_other_namespaces_need_a_grant() -> None:
    """Without one their share leads nowhere, and is answered with an error."""
    refs = [reference("one", port=80, weight=3), reference("other/two", port=81)]
    route = http_route("r", {"backendRefs": refs})
    one = Destination(host="one.prod.svc.cluster.local", port=80, weight=3)
    two = Destination(host="two.other.svc.cluster.local", port=81, weight=1)
    nowhere = Destination(host=NOWHERE.host, weight=1)
    granted = reference_grant("prod", "other/two", kinds=("HTTPRoute", "Service"))
    assert destinations(route) == (one, nowhere)
    assert destinations(route, granted) == (one, two)
    assert destinations(route, reference_grant("prod", "other/two")) == (one, nowhere)


def test_a_rule_without_destinations_leads_nowhere() -> None:
    """As the Gateway API has it, it is answered with 500."""
    for refs in ([], [reference("one", port=80, weight=0)]):
        (routes,) = services(EDGE, http_route("r", {"backendRefs": refs})).values()
        assert (routes[0].destinations, routes[0].without_destination) == ((NOWHERE,), 500)


def test_a_redirect_stays_on_the_listeners_port() -> None:
    """Unless it names a port or a scheme."""
    edge = kubernetes_gateway("edge", terminates("web", "s", port=8443))
    filters = [
        {"type": "RequestRedirect", "requestRedirect": fields} for fields in ({}, {"scheme": "http"}, {"port": 9})
    ]
    rules = [{"matches": [path(f"/{index}")], "filters": [each]} for index, each in enumerate(filters)]
    (routes,) = services(edge, http_route("r", *rules)).values()
    assert [route.redirect.port for route in routes if route.redirect] == [8443, 80, 9]
    assert all(not route.destinations for route in routes)
