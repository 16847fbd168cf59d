"""What an Envoy is started with: who it is and where it asks for everything else. Pure.

Listeners, clusters, routes and gateway secrets come over ADS, workload secrets over SDS, each from a Unix
socket that only this proxy is given. No key and no certificate is ever in a bootstrap.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

ADS_CLUSTER = "ads"
ACCESS_LOG_CLUSTER = "access-logs"
"""The same socket as ADS over a connection of its own, so that a log which nobody reads holds up no configuration."""
SDS_CLUSTER = "sds-grpc"
"""Istio's name for the agent."""

UNREAD_MAX = 1 << 20
"""Bytes of one access log that Envoy keeps for a reader which does not read, on each thread; it drops what is more."""
CONNECTIONS_MAX = 20_000
"""Downstream, all listeners of one proxy together; Envoy warns when there is no limit."""

_RUNTIME = {
    # as Istio sets it: Envoy's own limit refuses a path pattern of a few dozen words
    "re2.max_program_size.error_level": 32768,
}
_DEFAULT: Mapping[str, int] = MappingProxyType({})
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_CONNECTIONS_MONITOR = "envoy.resource_monitors.global_downstream_max_connections"


@dataclass(frozen=True, kw_only=True)
class ProxySockets:
    """The Unix sockets of one proxy."""

    ads: Path
    sds: Path
    admin: Path
    """Made by Envoy, mode 0600."""


def bootstrap(node_id: str, cluster: str, sockets: ProxySockets) -> dict[str, Any]:
    """Envoy's bootstrap as JSON-like values. `node_id` is the workload's target, `cluster` its service account."""
    from_ads = {"resource_api_version": "V3", "ads": {}}
    return {
        "node": {"id": node_id, "cluster": cluster},
        "admin": {"address": {"pipe": {"path": str(sockets.admin), "mode": 0o600}}},
        "dynamic_resources": {
            "ads_config": {
                "api_type": "GRPC",
                "transport_api_version": "V3",
                "set_node_on_first_message_only": True,
                "grpc_services": [{"envoy_grpc": {"cluster_name": ADS_CLUSTER}}],
            },
            "lds_config": from_ads,
            "cds_config": from_ads,
        },
        "static_resources": {
            "clusters": [
                _grpc_cluster(ADS_CLUSTER, sockets.ads),
                _grpc_cluster(ACCESS_LOG_CLUSTER, sockets.ads, {"initial_stream_window_size": UNREAD_MAX}),
                _grpc_cluster(SDS_CLUSTER, sockets.sds),
            ],
        },
        "layered_runtime": {"layers": [{"name": "static", "static_layer": _RUNTIME}]},
        "overload_manager": {
            "resource_monitors": [
                {
                    "name": _CONNECTIONS_MONITOR,
                    "typed_config": {
                        "@type": "type.googleapis.com/envoy.extensions.resource_monitors"
                        ".downstream_connections.v3.DownstreamConnectionsConfig",
                        "max_active_downstream_connections": CONNECTIONS_MAX,
                    },
                }
            ]
        },
    }


def _grpc_cluster(name: str, socket: Path, http2: Mapping[str, int] = _DEFAULT) -> dict[str, Any]:
    endpoint = {"endpoint": {"address": {"pipe": {"path": str(socket)}}}}
    return {
        "name": name,
        "type": "STATIC",
        "connect_timeout": "1s",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
        "typed_extension_protocol_options": {
            _HTTP_OPTIONS: {
                "@type": f"type.googleapis.com/{_HTTP_OPTIONS}",
                "explicit_http_config": {"http2_protocol_options": dict(http2)},
            }
        },
    }
