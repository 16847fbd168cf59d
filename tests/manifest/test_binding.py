"""Which gateway workloads open the Gateway API's Gateways."""

from __future__ import annotations

from typing import Any

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import ObjectKey
from tests.manifest.api_writing import kubernetes_gateway, listens
from tests.manifest.writing import deployment, document, gateway, http, read, to, virtual_service, warnings

NAME = "gateway.networking.k8s.io/gateway-name"
NAMESPACES = [document("Namespace", name, "") for name in ("prod", "edge")]


def catalog(*documents: dict[str, Any]) -> Catalog:
    return Catalog.of(read(*NAMESPACES, *documents))


def gateway_workload(name: str, namespace: str = "prod", **labels: str) -> dict[str, Any]:
    labels = {"app": name, "sidecar.istio.io/inject": "true", **labels}
    annotations = {"inject.istio.io/templates": "gateway"}
    return deployment(name, labels, annotations=annotations, namespace=namespace)


def service(name: str, namespace: str = "prod", **selector: str) -> dict[str, Any]:
    return document("Service", name, namespace, spec={"ports": [{"port": 80}], "selector": selector})


def bound(mesh: Catalog) -> list[tuple[str, str, str]]:
    return [(binding.workload.target, str(binding.gateway.key), binding.server.name) for binding in mesh.bindings()]


def opened(name: str) -> list[tuple[str, str, str]]:
    key = "Gateway.gateway.networking.k8s.io prod/web"
    return [(f"workload/{name}", key, listener) for listener in ("one", "two")]


WEB = kubernetes_gateway("web", listens("one"), listens("two", port=81))


def test_a_gateway_is_opened_by_what_carries_its_name() -> None:
    """In its own namespace, and by a gateway alone: that is what Istio's automated deployment makes."""
    mesh = catalog(
        WEB,
        gateway_workload("right", **{NAME: "web"}),
        gateway_workload("elsewhere", "edge", **{NAME: "web"}),
        gateway_workload("other", **{NAME: "webs"}),
        deployment("sidecar", {NAME: "web", "sidecar.istio.io/inject": "true"}),
    )
    assert bound(mesh) == opened("prod/right")
    assert warnings(mesh) == ()


def test_a_gateway_is_opened_by_what_is_behind_its_address() -> None:
    """As with Istio's manual deployment, in any namespace; the label does not count then."""
    addresses = [{"type": "Hostname", "value": "ingress.edge.svc.cluster.local"}]
    mesh = catalog(
        {**WEB, "spec": {**WEB["spec"], "addresses": addresses}},
        service("ingress", "edge", app="ingress"),
        gateway_workload("ingress", "edge"),
        gateway_workload("labelled", **{NAME: "web"}),
        gateway_workload("ingress"),
    )
    assert bound(mesh) == opened("edge/ingress")


def test_both_kinds_share_a_workload_the_older_first() -> None:
    """A host of a port is the older Gateway's, whichever kind it is of; who comes second is told."""
    (istio, kubernetes, workload) = read(
        gateway("web", http("*", name="plain"), selector={"app": "in"}), WEB, gateway_workload("in", **{NAME: "web"})
    )
    dated = [
        type(each)(**{**vars(each), "created_at": at}) for each, at in ((istio, "2026-02"), (kubernetes, "2026-01"))
    ]
    mesh = Catalog.of([*read(*NAMESPACES), workload, *dated])
    assert [(key, name) for _, key, name in bound(mesh)] == [
        ("Gateway.gateway.networking.k8s.io prod/web", "one"),
        ("Gateway.gateway.networking.k8s.io prod/web", "two"),
        ("Gateway prod/web", "plain"),
    ]
    assert warnings(mesh) == (
        "Gateway prod/web: * on port 80 is answered by the Gateway.gateway.networking.k8s.io prod/web",
    )


def test_a_gateway_without_a_workload_says_which_label_is_missing() -> None:
    """Nothing is deployed for it, so somebody has to bring the workload."""
    addresses = [{"type": "Hostname", "value": "ingress"}]
    mesh = catalog(WEB, kubernetes_gateway("manual", listens("a"), addresses=addresses))
    assert warnings(mesh) == (
        "Gateway.gateway.networking.k8s.io prod/manual: no gateway workload is behind the Service prod/ingress of its "
        "spec.addresses",
        "Gateway.gateway.networking.k8s.io prod/web: no gateway workload of namespace prod has the label "
        "gateway.networking.k8s.io/gateway-name: web",
    )


def test_what_passes_through_leads_nowhere() -> None:
    """A TLS listener wants TLSRoutes, of which there are none here."""
    raw = kubernetes_gateway("web", listens("raw", "TLS", tls={"mode": "Passthrough"}))
    assert warnings(catalog(raw, gateway_workload("in", **{NAME: "web"}))) == (
        "Gateway.gateway.networking.k8s.io prod/web: listener raw leads nowhere: TLSRoutes are not supported here",
    )


def test_virtual_services_are_for_istios_gateways() -> None:
    """One that names a Gateway of the Gateway API is told what that takes."""
    mesh = catalog(WEB, gateway_workload("in", **{NAME: "web"}), virtual_service("a", to("b"), gateways=("web",)))
    assert warnings(mesh) == (
        "VirtualService prod/a: the Gateway prod/web does not exist; the Gateway.gateway.networking.k8s.io prod/web "
        "takes HTTPRoutes, not VirtualServices",
    )


def test_removing_one_of_two_gateways_leaves_the_other() -> None:
    """They have one name and are two objects."""
    mesh = catalog(WEB, gateway("web", http("*")))
    left = mesh.remove(ObjectKey("Gateway", "prod", "web"))
    assert [str(item.key) for item in left if item.name == "web"] == ["Gateway.gateway.networking.k8s.io prod/web"]
