"""Which gateway workloads open which servers of which Gateways.

Istio's Gateway selects workloads of all namespaces by their labels. One of the Gateway API is opened in its own
namespace by what carries its name as a label, as Istio's automated deployment does, or, as with Istio's manual
deployment, by what stands behind the Service that its `spec.addresses` name.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from meshtui.manifest.api_model import KubernetesGateway
from meshtui.manifest.model import Gateway, Manifest, Server, Service
from meshtui.manifest.workload import Proxy, Workload

GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
"""Label of the workloads of a Gateway of the Gateway API."""


@dataclass(frozen=True)
class Binding:
    """A gateway workload with a server that it is to open."""

    workload: Workload
    gateway: Gateway | KubernetesGateway
    """The manifest that the server is of."""
    server: Server


def age(manifest: Manifest) -> tuple[str, object]:
    """Sorts objects in the order in which they win where they contradict each other: the oldest first, as in Istio."""
    return manifest.created_at or "~", manifest.key


def bindings_of(
    workloads: Iterable[Workload],
    gateways: Iterable[Gateway],
    kubernetes_gateways: Iterable[KubernetesGateway],
    services_of: Callable[[Workload], Iterable[Service]],
) -> Iterator[Binding]:
    """Every server of every Gateway with each gateway workload that is to open it, older Gateways first."""
    selecting = sorted(gateways, key=age)
    by_label: dict[tuple[str, str], list[KubernetesGateway]] = defaultdict(list)
    by_service: dict[tuple[str, str], list[KubernetesGateway]] = defaultdict(list)
    for gateway in kubernetes_gateways:
        if not gateway.services:
            by_label[gateway.namespace, gateway.name].append(gateway)
        for service in dict.fromkeys(gateway.services):
            by_service[service].append(gateway)
    for workload in workloads:
        if workload.proxy is not Proxy.GATEWAY:
            continue
        behind = [(service.namespace, service.name) for service in services_of(workload)]
        named = workload.namespace, workload.labels.get(GATEWAY_NAME, "")
        found = {
            gateway.key: gateway
            for gateway in (*by_label.get(named, ()), *(each for key in behind for each in by_service.get(key, ())))
        }
        selected = (each for each in selecting if each.selector.items() <= workload.labels.items())
        for gateway in sorted((*selected, *found.values()), key=age):
            for server in gateway.servers:
                yield Binding(workload, gateway, server)


def unopened(gateway: KubernetesGateway) -> str:
    """What is missing where no workload opens a Gateway of the Gateway API."""
    if gateway.services:
        services = " or ".join(f"{namespace}/{name}" for namespace, name in gateway.services)
        return f"no gateway workload is behind the Service {services} of its spec.addresses"
    return f"no gateway workload of namespace {gateway.namespace} has the label {GATEWAY_NAME}: {gateway.name}"
