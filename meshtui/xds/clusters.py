"""Where requests go: a cluster for each port of a service, and one for a sidecar's own workload.

A service's cluster accepts exactly the identities of the workloads behind it. Services whose workloads have
no sidecar have nothing that could be called safely, and so a cluster without endpoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Service
from meshtui.manifest.workload import Workload
from meshtui.xds import naming
from meshtui.xds.context import ProxyContext
from meshtui.xds.tls import packed, workload_client

CONNECT_TIMEOUT = timedelta(seconds=2)

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def outbound_clusters(catalog: Catalog, context: ProxyContext, services: Iterable[Service]) -> Mapping[str, Any]:
    """A cluster for each port of each service, by name."""
    clusters = (
        _outbound(service, port.port, catalog.workloads_of(service), context)
        for service in services
        for port in service.ports
    )
    return {cluster.name: cluster for cluster in clusters}


def inbound_cluster(workload: Workload, app: Path) -> Any:
    """The sidecar's own workload, which speaks plain HTTP/1.1 on its Unix socket."""
    cluster = _cluster(naming.inbound_cluster(workload), [app])
    options = http_protocol_options_pb2.HttpProtocolOptions(explicit_http_config={"http_protocol_options": {}})
    cluster.typed_extension_protocol_options[_HTTP_OPTIONS].CopyFrom(packed(options))
    return cluster


def _outbound(service: Service, port: int, workloads: Iterable[Workload], context: ProxyContext) -> Any:
    host = naming.full_name(service)
    reachable = [workload for workload in workloads if workload.target in context.inbound_of]
    identities = sorted({naming.spiffe_id(context.trust_domain, workload) for workload in reachable})
    cluster = _cluster(
        naming.outbound_cluster(host, port), [context.inbound_of[workload.target] for workload in reachable]
    )
    if identities:
        cluster.transport_socket.CopyFrom(workload_client(f"outbound_.{port}_._.{host}", identities))
        # the sidecar behind it says by ALPN whether it speaks HTTP/2; Envoy refuses this where there is no TLS
        options = http_protocol_options_pb2.HttpProtocolOptions(
            auto_config={"http_protocol_options": {}, "http2_protocol_options": {}}
        )
        cluster.typed_extension_protocol_options[_HTTP_OPTIONS].CopyFrom(packed(options))
    return cluster


def _cluster(name: str, sockets: Iterable[Path]) -> Any:
    endpoints = [{"endpoint": {"address": {"pipe": {"path": str(socket)}}}} for socket in sockets]
    return cluster_pb2.Cluster(
        name=name,
        type=cluster_pb2.Cluster.STATIC,
        connect_timeout=CONNECT_TIMEOUT,
        load_assignment={"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}] if endpoints else []},
    )
