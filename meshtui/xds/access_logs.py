"""What an Envoy tells the mesh of calls: its gRPC access logs, over the Unix socket that is its own.

Envoy gathers calls for a moment and sends them together. When nobody reads, it drops them and counts what it
dropped; no request ever waits for its log.
"""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Any

from envoy.config.accesslog.v3 import accesslog_pb2
from envoy.config.core.v3 import config_source_pb2, grpc_service_pb2
from envoy.extensions.access_loggers.grpc.v3 import als_pb2
from envoy.type.tracing.v3 import custom_tag_pb2

from meshtui.xds.tls import packed

ACCESS_LOG_CLUSTER = "access-logs"
"""As in `envoy.bootstrap`."""
FLUSH_INTERVAL = timedelta(milliseconds=250)
"""The longest that a call waits in Envoy before it is told."""
BUFFER = 64 << 10
"""Bytes that are told at once, however soon they came together."""


class Log(StrEnum):
    """Which side of which proxy a log is of: its name in Envoy, which comes first on each stream."""

    INBOUND = "inbound"
    """Requests that a sidecar takes for its workload."""
    OUTBOUND = "outbound"
    """Requests that a sidecar sends for its workload."""
    GATEWAY = "gateway"
    """Requests that a gateway takes from outside, and sends on."""
    CONNECTIONS = "connections"
    """Connections to a sidecar that came to nothing before there was a request."""


UPSTREAM_TLS = "upstream_tls"
REASON = "reason"
SERVER_NAME = "server-name"
"""Tags that a log carries beside Envoy's own fields."""

_RUNTIME = "meshtui.access_logs.outbound"
"""Envoy wants a name by which the bound could be changed at run time."""
_SENT = {UPSTREAM_TLS: "%UPSTREAM_TLS_VERSION%"}
_REFUSED = {REASON: "%RESPONSE_CODE_DETAILS%", SERVER_NAME: "%REQUESTED_SERVER_NAME%"}
NO_CHAIN = "filter_chain_not_found"
"""The reason where no filter chain takes what was spoken."""


def http_access_log(log: Log) -> Any:
    """The `access_log` of a connection manager.

    What a sidecar sent and another proxy answered, that proxy tells: only the rest is worth telling by the sender.
    """
    config = als_pb2.HttpGrpcAccessLogConfig(common_config=_common(log, {} if log is Log.INBOUND else _SENT))
    built = accesslog_pb2.AccessLog(name="envoy.access_loggers.http_grpc", typed_config=packed(config))
    if log is Log.OUTBOUND:
        built.filter.or_filter.filters.add(response_flag_filter={})
        built.filter.or_filter.filters.add(
            status_code_filter={"comparison": {"op": "GE", "value": {"default_value": 400, "runtime_key": _RUNTIME}}}
        )
    return built


def connection_access_log() -> Any:
    """The `access_log` of a listener."""
    config = als_pb2.TcpGrpcAccessLogConfig(common_config=_common(Log.CONNECTIONS, _REFUSED))
    return accesslog_pb2.AccessLog(name="envoy.access_loggers.tcp_grpc", typed_config=packed(config))


def _common(log: Log, tags: dict[str, str]) -> Any:
    return als_pb2.CommonGrpcAccessLogConfig(
        log_name=log.value,
        grpc_service=grpc_service_pb2.GrpcService(envoy_grpc={"cluster_name": ACCESS_LOG_CLUSTER}),
        transport_api_version=config_source_pb2.V3,
        buffer_flush_interval=FLUSH_INTERVAL,
        buffer_size_bytes={"value": BUFFER},
        custom_tags=[custom_tag_pb2.CustomTag(tag=tag, value=value) for tag, value in tags.items()],
    )
