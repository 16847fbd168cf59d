"""A server of a Gateway at one of the gateway workloads that are to open it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from meshtui.manifest.model import Gateway, Server
from meshtui.manifest.workload import Workload


@dataclass(frozen=True)
class Binding:
    """A gateway workload with a server that it is to open."""

    workload: Workload
    gateway: Gateway
    server: Server


def bindings_of(gateway: Gateway, workloads: Iterable[Workload]) -> tuple[Binding, ...]:
    """Every server of a Gateway with each of the gateway workloads that is to open it.

    As in Istio, a Gateway's selector reaches the workloads of all namespaces.
    """
    return tuple(
        Binding(workload, gateway, server)
        for workload in workloads
        if gateway.selector.items() <= workload.labels.items()
        for server in gateway.servers
    )
