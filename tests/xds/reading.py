"""Reads Envoy resources for tests: a mesh of documents in, the parts of interest out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from envoy.extensions.transport_sockets.tls.v3 import tls_pb2
from google.protobuf.json_format import MessageToDict

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.demo import load_demo
from meshtui.wire.discovery import CLUSTER, LISTENER, ROUTE
from meshtui.xds.context import ProxyContext
from meshtui.xds.resources import Resources, resources_of
from tests.manifest.writing import document, read

GATEWAY = "workload/istio-system/istio-ingressgateway"
SLEEP = "workload/prod/sleep"
HTTPBIN_CLUSTER = "outbound|8000||httpbin.prod.svc.cluster.local"


def mesh(*documents: dict[str, Any]) -> Catalog:
    """The demo mesh and these documents."""
    return Catalog.of(load_demo()).apply(read(*documents) if documents else ())


def context(target: str, ports: dict[int, int] | None = None) -> ProxyContext:
    """Of one proxy, with sockets as the embedded mesh has them."""
    return ProxyContext(
        target=target,
        trust_domain="cluster.local",
        inbound=Path("/run/in"),
        outbound=Path("/run/out"),
        app=Path("/run/app"),
        inbound_of={"workload/prod/httpbin": Path("/run/in-httpbin"), SLEEP: Path("/run/in-sleep")},
        ports=ports or {8080: 18080, 8443: 18443},
    )


def resources(catalog: Catalog, target: str) -> Resources:
    """What a proxy is told."""
    return resources_of(catalog, context(target))


def key_pair(name: str, **more: str) -> dict[str, Any]:
    """A Secret with a key pair, beside the gateway."""
    return document("Secret", name, "istio-system", stringData={"tls.crt": "chain", "tls.key": "key", **more})


def as_json(message: Any) -> Any:
    """A message as plain values."""
    return MessageToDict(message, preserving_proto_field_name=True)


def server_tls(chain: Any) -> Any:
    """The TLS of a filter chain."""
    found = tls_pb2.DownstreamTlsContext()
    assert chain.transport_socket.typed_config.Unpack(found)
    return found


def client_tls(cluster: Any) -> Any:
    """The TLS of a cluster."""
    found = tls_pb2.UpstreamTlsContext()
    assert cluster.transport_socket.typed_config.Unpack(found)
    return found


def manager(chain: Any) -> Any:
    """The HTTP side of a filter chain."""
    found = http_connection_manager_pb2.HttpConnectionManager()
    assert chain.filters[0].typed_config.Unpack(found)
    return found


def chains(given: Resources, listener: str) -> dict[str, list[str]]:
    """Filter chains of a listener, with their server names."""
    return {
        chain.name: list(chain.filter_chain_match.server_names) for chain in given[LISTENER][listener].filter_chains
    }


def clusters_of(given: Resources, configuration: str) -> dict[str, str]:
    """Domain → cluster of its last route, or what else that does."""
    found: dict[str, str] = {}
    for host in given[ROUTE][configuration].virtual_hosts:
        route = host.routes[-1]
        action = route.route.cluster or route.WhichOneof("action")
        found |= dict.fromkeys(host.domains, action)
    return found


def cluster(given: Resources, name: str) -> Any:
    """One cluster."""
    return given[CLUSTER][name]
