"""Where requests go: a cluster for each port of a service, and one for a sidecar's own workload.

How a client speaks to a service, and whom it accepts there, is decided in `policy`. Services whose workloads have no
sidecar have nothing that takes requests, and so a cluster without endpoints.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any

from envoy.config.cluster.v3 import cluster_pb2
from envoy.extensions.upstreams.http.v3 import http_protocol_options_pb2

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Deployment, Service
from meshtui.manifest.policy_model import DestinationRule, PeerAuthentication
from meshtui.manifest.workload import Workload
from meshtui.policy.client_tls import ClientSide, client_side
from meshtui.policy.model import Transport
from meshtui.xds import naming
from meshtui.xds.context import ProxyContext
from meshtui.xds.tls import packed, workload_client

CONNECT_TIMEOUT = timedelta(seconds=2)
KEPT = 10_000
"""Clusters that are not made again where one more policy changes nothing about them."""
_MADE_FROM = (Deployment, PeerAuthentication, DestinationRule)
"""Beside the service itself."""

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def outbound_clusters(catalog: Catalog, context: ProxyContext, namespace: str) -> Mapping[str, Any]:
    """A cluster for each port of each service, by name, for a proxy in `namespace`.

    Proxies of one namespace have the same ones, as long as nothing changes that they are made from.
    """
    sockets = frozenset(context.inbound_of.items())
    return catalog.kept((Service, *_MADE_FROM), _outbound_clusters, namespace, context.trust_domain, sockets)


def inbound_cluster(workload: Workload, app: Path) -> Any:
    """The sidecar's own workload, which speaks plain HTTP/1.1 on its Unix socket."""
    cluster = _cluster(naming.inbound_cluster(workload), [app])
    _speak(cluster, explicit_http_config={"http_protocol_options": {}})
    return cluster


def _outbound_clusters(
    catalog: Catalog, namespace: str, trust_domain: str, inbound_of: frozenset[tuple[str, Path]]
) -> Mapping[str, Any]:
    groups = catalog.kept_of_each(Service, _MADE_FROM, _clusters_of, namespace, trust_domain, inbound_of)
    return {cluster.name: cluster for clusters in groups for cluster in clusters}


def _clusters_of(
    catalog: Catalog, service: Service, namespace: str, trust_domain: str, inbound_of: frozenset[tuple[str, Path]]
) -> list[Any]:
    listening = dict(inbound_of)
    behind = (workload.target for workload in catalog.workloads_of(service))
    sockets = tuple(listening[target] for target in behind if target in listening)
    return [
        _outbound(
            naming.full_name(service),
            port.port,
            sockets,
            client_side(catalog, namespace, service, port.port, trust_domain),
        )
        for port in service.ports
    ]


@lru_cache(maxsize=KEPT)
def _outbound(host: str, port: int, sockets: tuple[Path, ...], client: ClientSide) -> Any:
    cluster = _cluster(naming.outbound_cluster(host, port), sockets)
    if client.transport is Transport.PLAINTEXT:
        # what HTTP version the other side speaks can be asked by ALPN alone, and so only over TLS
        _speak(cluster, explicit_http_config={"http_protocol_options": {}})
    elif sockets:
        sni = client.sni or f"outbound_.{port}_._.{host}"
        cluster.transport_socket.CopyFrom(workload_client(sni, client.identities))
        _speak(cluster, auto_config={"http_protocol_options": {}, "http2_protocol_options": {}})
    return cluster


def _speak(cluster: Any, **versions: Any) -> None:
    options = http_protocol_options_pb2.HttpProtocolOptions(**versions)
    cluster.typed_extension_protocol_options[_HTTP_OPTIONS].CopyFrom(packed(options))


def _cluster(name: str, sockets: Iterable[Path]) -> Any:
    endpoints = [{"endpoint": {"address": {"pipe": {"path": str(socket)}}}} for socket in sockets]
    return cluster_pb2.Cluster(
        name=name,
        type=cluster_pb2.Cluster.STATIC,
        connect_timeout=CONNECT_TIMEOUT,
        load_assignment={"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}] if endpoints else []},
    )
