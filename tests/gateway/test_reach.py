"""What stands behind a workload, computed from the manifests alone."""

from __future__ import annotations

from typing import Any

from meshtui.gateway.reach import reach_of_workload
from meshtui.manifest.catalog import Catalog
from tests.manifest.api_writing import (
    allowing,
    http_route,
    kubernetes_gateway,
    listens,
    reference_grant,
    sends,
)
from tests.manifest.test_catalog import ingress, service
from tests.manifest.writing import deployment, document, gateway, http, https, read, to, virtual_service

NAMESPACES = [document("Namespace", name, "") for name in ("prod", "edge", "other")]
SHOP = deployment("shop")
SHOP_SERVICE = service("shop", app="shop")


def reached(*documents: dict[str, Any], target: str = "workload/prod/shop") -> tuple[str, ...]:
    catalog = Catalog.of(read(*NAMESPACES, SHOP, ingress(), *documents))
    workload = catalog.workload(target)
    assert workload is not None
    return reach_of_workload(catalog, workload)


def test_a_workload_behind_no_service_is_reached_by_nothing() -> None:
    """Routes to a Service that is another's, or that is not there, are not its own."""
    route = virtual_service("route", to("other"), to("none"), to("shop.elsewhere.svc.cluster.local"))
    assert reached(route, service("other", app="other")) == ()
    assert reached(SHOP_SERVICE) == ("Service prod/shop",)


def test_routes_to_its_services_and_what_they_lead_through() -> None:
    """Hosts as far as Gateway and VirtualService share them; a route counts once however often it names them."""
    both = {"route": [{"destination": {"host": host}} for host in ("shop", "shop-admin.prod.svc.cluster.local")]}
    for each in both["route"]:
        each["weight"] = 50  # type: ignore[assignment]  # a number among the fields
    found = reached(
        SHOP_SERVICE,
        service("shop-admin", app="shop"),
        service("other", app="other"),
        gateway("edge", https("a.example.com", "b.example.com")),
        gateway("unused", http("a.example.com")),
        virtual_service("shop", both, to("other"), to("shop"), gateways=("edge", "missing", "mesh")),
        virtual_service("inside", to("shop"), hosts=("shop",), gateways=("mesh",)),
    )
    assert found == (
        "Service prod/shop",
        "Service prod/shop-admin",
        "host a.example.com",
        "Gateway prod/edge",
        "VirtualService prod/inside (1 route)",
        "VirtualService prod/shop (2 routes)",
    )


def test_http_routes_as_far_as_they_are_attached_and_granted() -> None:
    """A route that no listener takes has no host, and one that may not refer to the Service is not one to it."""
    web = kubernetes_gateway("web", listens("http", host="a.example.com", allowedRoutes=allowing("All")))
    attached = http_route("attached", sends("shop"), sends("other"), parents=("web",))
    loose = http_route("loose", sends("shop"), parents=("nowhere",))
    foreign = http_route("foreign", sends("prod/shop"), parents=("prod/web",), namespace="other")
    documents = (SHOP_SERVICE, service("other", app="other"), web, attached, loose, foreign)
    expected = (
        "Service prod/shop",
        "host a.example.com",
        "Gateway.gateway.networking.k8s.io prod/web",
        "HTTPRoute prod/attached (1 route)",
        "HTTPRoute prod/loose (1 route)",
    )
    assert reached(*documents) == expected
    grant = reference_grant("other", "prod/shop", kinds=("HTTPRoute", "Service"))
    assert reached(*documents, grant) == (*expected[:3], "HTTPRoute other/foreign (1 route)", *expected[3:])


def test_a_gateway_workload_has_all_that_it_opens() -> None:
    """Without its identity nothing behind it is called, whoever that is."""
    found = reached(
        gateway("edge", https("a.example.com"), http("*", number=80)),
        gateway("not-its-own", http("c.example.com"), selector={"istio": "another"}),
        virtual_service("route", to("shop"), to("none")),
        target="workload/edge/ingress",
    )
    assert found == ("host *", "host a.example.com", "Gateway prod/edge", "VirtualService prod/route (2 routes)")


def test_what_was_found_is_kept_while_nothing_of_it_changes() -> None:
    """Later catalogs say the same without looking again, and another as soon as a route is another."""
    before = Catalog.of(read(*NAMESPACES, SHOP, SHOP_SERVICE))
    workload = before.workload("workload/prod/shop")
    assert workload is not None
    assert reach_of_workload(before, workload) == ("Service prod/shop",)
    after = before.apply(read(virtual_service("inside", to("shop"), hosts=("shop",), gateways=("mesh",))))
    assert reach_of_workload(after, workload)[1:] == ("VirtualService prod/inside (1 route)",)
