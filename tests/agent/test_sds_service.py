"""What an Envoy gets over its socket, asked for as an Envoy asks."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest
import pytest_asyncio
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from envoy.service.discovery.v3 import discovery_pb2
from envoy.service.secret.v3 import sds_pb2_grpc

from meshtui.agent.sds_service import register_sds, secrets_of
from meshtui.identity.keys import new_key
from meshtui.wire.discovery import SECRET, Accepted, Rejected, Verdict
from meshtui.wire.streams import DiscoveryServer, Distributor
from tests.agent.authority import ShortCa

DEADLINE = 5.0


class Agent:
    """An SDS socket, what it heard, and certificates to serve."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.ca = ShortCa()
        self.verdicts: asyncio.Queue[Verdict] = asyncio.Queue()
        self.connected: asyncio.Queue[int] = asyncio.Queue()
        distributor = Distributor(self.verdicts.put_nowait, self.connected.put_nowait)
        self.server = DiscoveryServer(socket, register_sds, distributor)

    def publish(self) -> str:
        """Serve a new certificate; returns its serial."""
        svid = self.ca.svid(new_key(), self.ca.now, timedelta(hours=1))
        self.server.publish(secrets_of(svid))
        return svid.facts.serial


@pytest_asyncio.fixture
async def agent(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Agent]:
    agent = Agent(tmp_path_factory.mktemp("s") / "sds")
    await agent.server.start()
    yield agent
    await agent.server.stop()
    assert not agent.socket.exists()


@pytest_asyncio.fixture
async def stub(agent: Agent) -> AsyncIterator[Any]:
    async with grpc.aio.insecure_channel(f"unix:{agent.socket}") as channel:
        yield sds_pb2_grpc.SecretDiscoveryServiceStub(channel)


def ask(*names: str, nonce: str = "", error: str = "") -> discovery_pb2.DiscoveryRequest:
    request = discovery_pb2.DiscoveryRequest(type_url=SECRET, resource_names=names, response_nonce=nonce)
    request.node.id = "anything"
    if error:
        request.error_detail.message = error
    return request


async def answer(stream: Any) -> tuple[discovery_pb2.DiscoveryResponse, dict[str, secret_pb2.Secret]]:
    async with asyncio.timeout(DEADLINE):
        response = await stream.read()
    secrets = {}
    for resource in response.resources:
        secret = secret_pb2.Secret()
        resource.Unpack(secret)
        secrets[secret.name] = secret
    return response, secrets


async def test_key_pair_and_bundle_come_by_name(agent: Agent, stub: Any) -> None:
    """`default` has chain and key, `ROOTCA` the roots."""
    serial = agent.publish()
    stream = stub.StreamSecrets()
    await stream.write(ask("default", "ROOTCA"))
    _, secrets = await answer(stream)
    pair = secrets["default"].tls_certificate
    assert pair.certificate_chain.inline_bytes.count(b"BEGIN CERTIFICATE") == 1
    assert pair.private_key.inline_bytes.startswith(b"-----BEGIN PRIVATE KEY")
    assert secrets["ROOTCA"].validation_context.trusted_ca.inline_bytes == agent.ca.root.pem.encode()
    await stream.write(ask("default", "ROOTCA", nonce="1"))
    async with asyncio.timeout(DEADLINE):
        verdict = await agent.verdicts.get()
    assert isinstance(verdict, Accepted)
    assert verdict.versions["default"] == serial


async def test_a_rotation_is_pushed_to_every_stream(agent: Agent, stub: Any) -> None:
    """Without being asked, and the bundle, which is the same, is not sent again."""
    agent.publish()
    streams = [stub.StreamSecrets() for _ in range(3)]
    for stream in streams:
        await stream.write(ask("default", "ROOTCA"))
        await answer(stream)
    serial = agent.publish()
    for stream in streams:
        response, secrets = await answer(stream)
        assert list(secrets) == ["default"]
        assert response.nonce == "2"
    assert serial


async def test_a_rejection_is_heard_in_envoys_words(agent: Agent, stub: Any) -> None:
    """And nothing is sent in answer to it: the next thing on the stream is the next certificate."""
    agent.publish()
    stream = stub.StreamSecrets()
    await stream.write(ask("default"))
    await answer(stream)
    await stream.write(ask("default", nonce="1", error="KEY_VALUES_MISMATCH"))
    async with asyncio.timeout(DEADLINE):
        verdict = await agent.verdicts.get()
    assert isinstance(verdict, Rejected)
    assert verdict.reason == "KEY_VALUES_MISMATCH"
    serial = agent.publish()
    response, _ = await answer(stream)
    assert response.version_info == serial


async def test_asking_before_there_is_a_certificate_waits_for_it(agent: Agent, stub: Any) -> None:
    """A proxy that is faster than its agent is answered when there is something to say."""
    stream = stub.StreamSecrets()
    await stream.write(ask("default"))
    async with asyncio.timeout(DEADLINE):
        assert await agent.connected.get() == 1
    serial = agent.publish()
    response, _ = await answer(stream)
    assert response.version_info == serial


async def test_what_no_envoy_sends_ends_the_stream(agent: Agent, stub: Any) -> None:
    """With a status that says whose fault it is; the socket goes on serving others."""
    agent.publish()
    bad = stub.StreamSecrets()
    await bad.write(discovery_pb2.DiscoveryRequest())
    async with asyncio.timeout(DEADLINE):
        assert await bad.code() == grpc.StatusCode.INVALID_ARGUMENT
    good = stub.StreamSecrets()
    await good.write(ask("default"))
    assert (await answer(good))[1]


async def test_a_stream_that_ends_is_forgotten(agent: Agent, stub: Any) -> None:
    """The count of connections goes back to nothing."""
    stream = stub.StreamSecrets()
    await stream.write(ask("default"))
    async with asyncio.timeout(DEADLINE):
        assert await agent.connected.get() == 1
        await stream.done_writing()
        assert await agent.connected.get() == 0


async def test_only_the_owner_may_connect(agent: Agent) -> None:
    """The socket is the identity."""
    assert agent.socket.stat().st_mode & 0o777 == 0o600
