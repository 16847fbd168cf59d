"""Serves a proxy its configuration as one aggregated stream, so that what belongs together arrives in order."""

from __future__ import annotations

import grpc.aio
from envoy.service.discovery.v3 import ads_pb2_grpc

from meshtui.wire.streams import Distributor


def register_ads(distributor: Distributor, server: grpc.aio.Server) -> None:
    """Serve StreamAggregatedResources (state of the world)."""
    servicer = ads_pb2_grpc.AggregatedDiscoveryServiceServicer()
    servicer.StreamAggregatedResources = distributor.serve
    ads_pb2_grpc.add_AggregatedDiscoveryServiceServicer_to_server(servicer, server)
