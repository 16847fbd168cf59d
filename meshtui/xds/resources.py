"""Everything that one proxy is told over ADS, from the manifests alone: the same catalog gives the same resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.peer_authentication import effective_mode
from meshtui.wire.discovery import CLUSTER, EXTENSION, LISTENER, ROUTE, SECRET
from meshtui.xds import naming
from meshtui.xds.clusters import inbound_cluster, outbound_clusters
from meshtui.xds.context import ProxyContext
from meshtui.xds.enforcement import enforcement
from meshtui.xds.extensions import PLAINTEXT
from meshtui.xds.gateway import gateway_listeners, gateway_route_configurations, open_ports
from meshtui.xds.plaintext_guard import plaintext_guard
from meshtui.xds.secrets import gateway_secrets
from meshtui.xds.sidecar import INBOUND, OUTBOUND, inbound_listener, outbound_listener
from meshtui.xds.virtual_hosts import outbound_routes

Resources = Mapping[str, Mapping[str, Any]]
"""Type URL → name → protobuf message of that type. Proxies share messages: nobody may change one."""


def resources_of(catalog: Catalog, context: ProxyContext) -> Resources:
    """What the proxy of `context` is to run; nothing when its workload is gone or has no proxy."""
    workload = catalog.workload(context.target)
    if workload is None or workload.proxy in (Proxy.AGENT, Proxy.NONE):
        return {}
    if workload.proxy is Proxy.GATEWAY:
        return _gateway(catalog, workload, context)
    return _sidecar(catalog, workload, context)


def _sidecar(catalog: Catalog, workload: Workload, context: ProxyContext) -> Resources:
    clusters = dict(outbound_clusters(catalog, context, workload.namespace))
    listeners, routes, extensions = {}, {}, {}
    if context.inbound and context.app:
        own = inbound_cluster(workload, context.app)
        clusters[own.name] = own
        mode = effective_mode(catalog, workload, workload.inbound_port)
        listeners[INBOUND] = inbound_listener(workload, mode.mode, context.inbound, context.trust_domain)
        # the guard is distributed in STRICT too, where only connections that are being drained still ask for it
        extensions = {PLAINTEXT: plaintext_guard(mode), **enforcement(catalog, workload, context)}
    if context.outbound:
        listeners[OUTBOUND] = outbound_listener(context.outbound)
        routes[naming.OUTBOUND_ROUTES] = outbound_routes(catalog, workload.namespace)
    return {CLUSTER: clusters, LISTENER: listeners, ROUTE: routes, EXTENSION: extensions}


def _gateway(catalog: Catalog, workload: Workload, context: ProxyContext) -> Resources:
    ports = open_ports(catalog, workload, context)
    routes = gateway_route_configurations(catalog, ports)
    wanted = _clusters_named(routes.values())
    clusters = outbound_clusters(catalog, context, workload.namespace)
    return {
        # a gateway has only the clusters that its routes lead to: it may stand before a small part of a large mesh
        CLUSTER: {name: cluster for name, cluster in clusters.items() if name in wanted},
        LISTENER: gateway_listeners(catalog, ports, context.trust_domain),
        ROUTE: routes,
        EXTENSION: enforcement(catalog, workload, context),
        SECRET: gateway_secrets(catalog, workload.target),
    }


def _clusters_named(configurations: Iterable[Any]) -> frozenset[str]:
    actions = [
        route.route
        for configuration in configurations
        for host in configuration.virtual_hosts
        for route in host.routes
        if route.HasField("route")
    ]
    weighted = {item.name for action in actions for item in action.weighted_clusters.clusters}
    return frozenset({action.cluster for action in actions} | weighted)
