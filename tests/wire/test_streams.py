"""Discovery streams over real gRPC: many at once, slow ones, and ones that end in the middle."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc.aio
import pytest
import pytest_asyncio
from envoy.service.discovery.v3 import ads_pb2_grpc, discovery_pb2
from google.protobuf import wrappers_pb2

from meshtui.wire.discovery import CLUSTER, SECRET, Accepted, Resource, Verdict, World
from meshtui.wire.streams import DiscoveryServer, Distributor
from meshtui.xds.ads_service import register_ads

DEADLINE = 10.0
LARGE = "x" * 200_000
"""A few of them are more than gRPC takes from a writer whose reader does not read."""


def world(version: int) -> World:
    return {SECRET: {"a": Resource(str(version), wrappers_pb2.StringValue(value=LARGE))}}


class Server:
    """A server, what it heard, and clients on connections of their own."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.verdicts: asyncio.Queue[Verdict] = asyncio.Queue()
        self.connected: asyncio.Queue[int] = asyncio.Queue()
        self.server = DiscoveryServer(
            socket, register_ads, Distributor(self.verdicts.put_nowait, self.connected.put_nowait)
        )

    def channel(self) -> grpc.aio.Channel:
        """A new connection."""
        return grpc.aio.insecure_channel(f"unix:{self.socket}", options=(("grpc.use_local_subchannel_pool", 1),))

    async def streams(self, count: int) -> None:
        """Until so many are open."""
        async with asyncio.timeout(DEADLINE):
            while await self.connected.get() != count:
                pass


@pytest_asyncio.fixture
async def server(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Server]:
    started = Server(tmp_path / "xds")
    started.server.publish(world(0))
    await started.server.start()
    with caplog.at_level(logging.WARNING):
        yield started
        async with asyncio.timeout(DEADLINE):
            await started.server.stop()
    assert [record.getMessage() for record in caplog.records] == []


async def open_stream(channel: grpc.aio.Channel, *names: str) -> Any:
    stream: Any = ads_pb2_grpc.AggregatedDiscoveryServiceStub(channel).StreamAggregatedResources()
    await stream.write(discovery_pb2.DiscoveryRequest(type_url=SECRET, resource_names=names))
    return stream


async def until(stream: Any, version: int) -> list[Any]:
    """Read until this version; returns all that was read."""
    read: list[Any] = []
    async with asyncio.timeout(DEADLINE):
        while not read or read[-1].version_info != str(version):
            read.append(await stream.read())
    return read


async def test_who_does_not_read_holds_up_nobody_and_misses_only_what_is_out_of_date(server: Server) -> None:
    """Others get every change; the slow one gets the newest when it reads again, and its nonces count upwards."""
    async with server.channel() as slow, server.channel() as quick:
        behind, current = await open_stream(slow, "a"), await open_stream(quick, "a")
        await until(current, 0)
        for version in range(1, 101):
            server.server.publish(world(version))
            await until(current, version)
        read = await until(behind, 100)
        assert len(read) < 50
        numbers = [int(response.nonce.rpartition("-")[2]) for response in read]
        assert numbers == sorted(set(numbers))


async def test_server_stops_while_a_peer_does_not_read(server: Server) -> None:
    """The stop is not held up either, and says nothing on the log."""
    async with server.channel() as slow:
        await open_stream(slow, "a")
        await server.streams(1)
        for version in range(1, 101):
            server.server.publish(world(version))
            await asyncio.sleep(0)
        async with asyncio.timeout(DEADLINE):
            await server.server.stop()


async def test_peers_that_vanish_while_they_are_told_are_forgotten(server: Server) -> None:
    """In the middle of a change to all; who stays gets it."""
    async with server.channel() as staying:
        stays = await open_stream(staying, "a")
        await until(stays, 0)
        going = [server.channel() for _ in range(20)]
        for channel in going:
            await open_stream(channel, "a")
        await server.streams(21)
        server.server.publish(world(1))
        await asyncio.gather(*(channel.close(None) for channel in going))
        server.server.publish(world(2))
        await until(stays, 2)
        await server.streams(1)


async def test_nonces_of_two_streams_differ(server: Server) -> None:
    """So that one that is carried over from an earlier stream is recognised."""
    async with server.channel() as channel:
        one, two = await open_stream(channel, "a"), await open_stream(channel, "a")
        assert (await until(one, 0))[0].nonce != (await until(two, 0))[0].nonce


async def test_two_types_on_one_stream_are_judged_apart(server: Server) -> None:
    """Over gRPC as without it."""
    server.server.publish({**world(1), CLUSTER: {}})
    async with server.channel() as channel:
        stream = await open_stream(channel, "a")
        secret = (await until(stream, 1))[0]
        await stream.write(discovery_pb2.DiscoveryRequest(type_url=CLUSTER))
        async with asyncio.timeout(DEADLINE):
            clusters = await stream.read()
        for response, names in ((clusters, ()), (secret, ("a",))):
            await stream.write(
                discovery_pb2.DiscoveryRequest(
                    type_url=response.type_url, resource_names=names, response_nonce=response.nonce
                )
            )
        async with asyncio.timeout(DEADLINE):
            heard = [await server.verdicts.get(), await server.verdicts.get()]
        assert heard == [Accepted(CLUSTER, {}), Accepted(SECRET, {"a": "1"})]
