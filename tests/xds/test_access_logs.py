"""What an Envoy is told to tell."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from envoy.config.accesslog.v3 import accesslog_pb2
from envoy.extensions.access_loggers.grpc.v3 import als_pb2

from meshtui.envoy.bootstrap import ProxySockets, bootstrap
from meshtui.xds.access_logs import ACCESS_LOG_CLUSTER, Log, connection_access_log, http_access_log


def common(built: Any, kind: type[Any] = als_pb2.HttpGrpcAccessLogConfig) -> Any:
    """What is common to all logs."""
    config = kind()
    assert built.typed_config.Unpack(config)
    return config.common_config


@pytest.mark.parametrize("log", [Log.INBOUND, Log.OUTBOUND, Log.GATEWAY])
def test_calls_are_told_within_a_second_under_the_name_of_their_log(log: Log) -> None:
    """To the cluster that the bootstrap has for it."""
    told = common(http_access_log(log))
    assert log.value == told.log_name
    assert told.buffer_flush_interval.ToTimedelta().total_seconds() < 1
    assert told.grpc_service.envoy_grpc.cluster_name == ACCESS_LOG_CLUSTER
    built = bootstrap("a", "b", ProxySockets(ads=Path("/ads"), sds=Path("/sds"), admin=Path("/admin")))
    assert ACCESS_LOG_CLUSTER in {cluster["name"] for cluster in built["static_resources"]["clusters"]}


def test_only_a_sidecars_own_calls_are_filtered() -> None:
    """What went well is told by who was called."""
    assert http_access_log(Log.OUTBOUND).HasField("filter")
    unfiltered = (http_access_log(Log.INBOUND), http_access_log(Log.GATEWAY), connection_access_log())
    assert not any(each.HasField("filter") for each in unfiltered)


def test_connections_have_a_log_of_their_own() -> None:
    """With the reason why one was turned away, and the name that it asked for."""
    told = common(connection_access_log(), als_pb2.TcpGrpcAccessLogConfig)
    assert (told.log_name, [tag.tag for tag in told.custom_tags]) == ("connections", ["reason", "server-name"])


def test_same_log_is_the_same_to_the_byte() -> None:
    """A listener that did not change must not look changed."""
    one, other = (
        accesslog_pb2.AccessLog.SerializeToString(http_access_log(Log.GATEWAY), deterministic=True) for _ in range(2)
    )
    assert one == other
