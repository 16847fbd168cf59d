"""The hosts that a sidecar knows: every service by each of its names, and what VirtualServices say otherwise."""

from __future__ import annotations

from typing import Any

from meshtui.manifest.catalog import Catalog
from meshtui.xds.clusters import outbound_clusters
from meshtui.xds.virtual_hosts import outbound_routes
from tests.manifest.writing import document, read, to, virtual_service
from tests.xds.reading import SLEEP, context, mesh


def service(name: str, *ports: int) -> dict[str, Any]:
    """One more name for httpbin."""
    named = [{"name": f"p{port}", "port": port, "targetPort": 8080} for port in ports]
    return document("Service", name, spec={"selector": {"app": "httpbin"}, "ports": named})


def routed(catalog: Catalog) -> dict[str, list[str]]:
    """By every host that is known, the clusters that its requests go to; no host may be there twice."""
    pairs = [
        (domain, [route.route.cluster for route in host.routes])
        for host in outbound_routes(catalog, "prod").virtual_hosts
        for domain in host.domains
    ]
    assert len(pairs) == len(dict(pairs))
    return dict(pairs)


def test_a_service_that_comes_or_changes_is_as_if_it_had_always_been() -> None:
    """What is kept of the others and what is made anew are, to the byte, what is made of all at once."""
    grown = mesh()
    for step in (service("x", 80), service("a", 80, 81), service("x", 82)):
        routed(grown)
        outbound_clusters(grown, context(SLEEP), "prod")
        grown = grown.apply(read(step))
    fresh = Catalog.of(grown)
    assert outbound_routes(grown, "prod") == outbound_routes(fresh, "prod")
    assert outbound_clusters(grown, context(SLEEP), "prod") == outbound_clusters(fresh, context(SLEEP), "prod")
    assert routed(grown)["x:82"] == ["outbound|82||x.prod.svc.cluster.local"]
    assert "x:80" not in routed(grown)


def test_a_host_that_a_virtual_service_takes_is_its_own() -> None:
    """Of a service by its full name all that it is called; a name that is no full one, that name alone."""
    catalog = mesh(
        service("a", 80),
        service("b", 80),
        virtual_service("whole", to("b", 80), hosts=("a",), gateways=("mesh",)),
        virtual_service("one", to("a", 80), hosts=("b.prod",), gateways=("mesh",)),
    )
    a, b = (f"outbound|80||{name}.prod.svc.cluster.local" for name in "ab")
    found = routed(catalog)
    assert [found[each] for each in ("a", "a:80", "a.prod", "a.prod.svc.cluster.local")] == [[b]] * 4
    assert [found[each] for each in ("b.prod", "b", "b:80", "b.prod.svc", "b.prod.svc:80")] == [[a], [b], [b], [b], [b]]
