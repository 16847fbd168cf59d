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

from meshtui.agent.sds_service import bundle, key_pair, register_sds, secrets_of
from meshtui.identity.keys import new_key
from meshtui.wire.discovery import CLUSTER, SECRET, Accepted, Rejected, Verdict
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
    response, secrets = await answer(stream)
    pair = secrets["default"].tls_certificate
    assert pair.certificate_chain.inline_bytes.count(b"BEGIN CERTIFICATE") == 1
    assert pair.private_key.inline_bytes.startswith(b"-----BEGIN PRIVATE KEY")
    assert secrets["ROOTCA"].validation_context.trusted_ca.inline_bytes == agent.ca.root.pem.encode()
    await stream.write(ask("default", "ROOTCA", nonce=response.nonce))
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
        assert (list(secrets), response.version_info) == (["default"], serial)


async def test_a_rejection_is_heard_in_envoys_words(agent: Agent, stub: Any) -> None:
    """And nothing is sent in answer to it: the next thing on the stream is the next certificate."""
    agent.publish()
    stream = stub.StreamSecrets()
    await stream.write(ask("default"))
    refused, _ = await answer(stream)
    await stream.write(ask("default", nonce=refused.nonce, error="KEY_VALUES_MISMATCH"))
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
    await bad.write(discovery_pb2.DiscoveryRequest(type_url=CLUSTER))
    async with asyncio.timeout(DEADLINE):
        assert await bad.code() == grpc.StatusCode.INVALID_ARGUMENT
    good = stub.StreamSecrets()
    await good.write(ask("default"))
    assert (await answer(good))[1]


async def test_who_asks_is_told_by_the_socket_alone(agent: Agent, stub: Any) -> None:
    """Neither a node id nor the type of what it wants need be written down."""
    serial = agent.publish()
    stream = stub.StreamSecrets()
    await stream.write(discovery_pb2.DiscoveryRequest(resource_names=["default"]))
    response, _ = await answer(stream)
    assert (response.version_info, response.type_url) == (serial, SECRET)


async def test_only_the_stream_is_served(agent: Agent, stub: Any) -> None:
    """As in Istio, the two other methods of the service are not."""
    with pytest.raises(grpc.aio.AioRpcError) as refused:
        await stub.FetchSecrets(ask("default"))
    assert refused.value.code() is grpc.StatusCode.UNIMPLEMENTED
    delta = stub.DeltaSecrets()
    async with asyncio.timeout(DEADLINE):
        assert await delta.code() is grpc.StatusCode.UNIMPLEMENTED
    assert agent.connected.empty()


async def test_further_names_are_secrets_like_the_two(agent: Agent, stub: Any) -> None:
    """A second key pair and a second bundle, one that comes later and one that is dropped and asked for again."""
    one, two = (agent.ca.svid(new_key(), agent.ca.now, timedelta(hours=1)) for _ in range(2))
    names = {"default": key_pair("default", one), "spiffe://other": key_pair("spiffe://other", two)}
    agent.server.publish({SECRET: names})
    stream = stub.StreamSecrets()
    await stream.write(ask("spiffe://other", "spiffe://roots"))
    response, secrets = await answer(stream)
    assert secrets["spiffe://other"].tls_certificate.certificate_chain.inline_bytes == two.chain_pem
    agent.server.publish({SECRET: names | {"spiffe://roots": bundle("spiffe://roots", one.bundle.pem)}})
    response, secrets = await answer(stream)
    assert list(secrets) == ["spiffe://roots"]
    await stream.write(ask("spiffe://roots", nonce=response.nonce))
    await stream.write(ask("default", "spiffe://roots", nonce=response.nonce))
    response, secrets = await answer(stream)
    assert list(secrets) == ["default"]
    await stream.write(ask("spiffe://other", "spiffe://roots", nonce=response.nonce))
    _, secrets = await answer(stream)
    assert list(secrets) == ["spiffe://other"]


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
