"""Which gateway workloads open which servers of which Gateways.

Istio's Gateway selects workloads of all namespaces by their labels. One of the Gateway API is opened in its own
namespace by what carries its name as a label, as Istio's automated deployment does, or, as with Istio's manual
deployment, by what stands behind the Service that its `spec.addresses` name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from meshtui.manifest.api_model import KubernetesGateway
from meshtui.manifest.model import Gateway, Service
from meshtui.manifest.server import Server
from meshtui.manifest.workload import Workload

ServicesOf = Callable[[Workload], Iterable[Service]]
"""The Services that a workload stands behind."""
GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"
"""Label of the workloads of a Gateway of the Gateway API."""


@dataclass(frozen=True)
class Binding:
    """A gateway workload with a server that it is to open."""

    workload: Workload
    gateway: Gateway | KubernetesGateway
    """The manifest that the server is of."""
    server: Server


def bindings_of(
    gateway: Gateway | KubernetesGateway, workloads: Iterable[Workload], services_of: ServicesOf
) -> tuple[Binding, ...]:
    """Every server of a Gateway with each of these gateway workloads that is to open it."""
    return tuple(
        Binding(workload, gateway, server)
        for workload in workloads
        if _opens(workload, gateway, services_of)
        for server in gateway.servers
    )


def _opens(workload: Workload, gateway: Gateway | KubernetesGateway, services_of: ServicesOf) -> bool:
    if isinstance(gateway, Gateway):
        return gateway.selector.items() <= workload.labels.items()
    if not gateway.services:
        return workload.namespace == gateway.namespace and workload.labels.get(GATEWAY_NAME) == gateway.name
    if workload.namespace not in {namespace for namespace, _ in gateway.services}:
        return False
    return any((service.namespace, service.name) in gateway.services for service in services_of(workload))


def unopened(gateway: KubernetesGateway) -> str:
    """What is missing where no workload opens a Gateway of the Gateway API."""
    if gateway.services:
        services = " or ".join(f"{namespace}/{name}" for namespace, name in gateway.services)
        return f"no gateway workload is behind the Service {services} of its spec.addresses"
    return f"no gateway workload of namespace {gateway.namespace} has the label {GATEWAY_NAME}: {gateway.name}"
