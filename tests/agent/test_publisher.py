"""A new root is there before any leaf that needs it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
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

from meshtui.agent import publisher as module
from meshtui.agent.publisher import Publisher, roots_first
from meshtui.agent.sds_service import BUNDLE, KEY_PAIR, register_sds, secrets_of
from meshtui.identity.keys import new_key
from meshtui.identity.svid import Svid
from meshtui.wire.discovery import SECRET, Verdict
from meshtui.wire.streams import DiscoveryServer, Distributor
from tests.agent.authority import ShortCa

DEADLINE = 5.0


def svid(ca: ShortCa) -> Svid:
    return ca.svid(new_key(), ca.now, timedelta(hours=1))


def test_with_the_same_roots_nothing_comes_before() -> None:
    """An ordinary rotation is one step."""
    ca = ShortCa()
    assert roots_first(secrets_of(svid(ca)), secrets_of(svid(ca))) is None
    assert roots_first({}, secrets_of(svid(ca))) is None


def test_new_roots_come_with_the_old_leaf() -> None:
    """Between the two worlds there is one with both, never one with nothing."""
    old, new = secrets_of(svid(ShortCa())), secrets_of(svid(ShortCa()))
    between = roots_first(old, new)
    assert between is not None
    assert between[SECRET][BUNDLE] == new[SECRET][BUNDLE]
    assert between[SECRET][KEY_PAIR] == old[SECRET][KEY_PAIR]


class Proxy:
    """A socket with a publisher behind it, and a client with one stream, as Envoy has one for all secrets."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        distributor = Distributor(self._hear, lambda _: None)
        self.server = DiscoveryServer(socket, register_sds, distributor)
        self.publisher = Publisher(self.server)
        self.requests: asyncio.Queue[Any] = asyncio.Queue()

    def _hear(self, verdict: Verdict) -> None:
        self.publisher.hear(verdict)

    def ask(self, nonce: str = "", error: str = "") -> None:
        """Subscribe to both, or answer a response."""
        request = discovery_pb2.DiscoveryRequest(
            type_url=SECRET, resource_names=[KEY_PAIR, BUNDLE], response_nonce=nonce, node={"id": "test"}
        )
        if error:
            request.error_detail.message = error
        self.requests.put_nowait(request)

    async def responses(self) -> AsyncGenerator[Any]:
        """What it is sent."""

        async def asked() -> AsyncIterator[Any]:
            while True:
                yield await self.requests.get()

        async with grpc.aio.insecure_channel(f"unix:{self.socket}") as channel:
            call = sds_pb2_grpc.SecretDiscoveryServiceStub(channel).StreamSecrets(asked())
            async for response in call:
                yield response


@pytest_asyncio.fixture
async def proxy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Proxy]:
    proxy = Proxy(tmp_path_factory.mktemp("s") / "sds")
    await proxy.server.start()
    yield proxy
    proxy.publisher.close()
    await proxy.server.stop()


def names(response: Any) -> set[str]:
    """Of the secrets in a response."""
    return {secret_pb2.Secret.FromString(resource.value).name for resource in response.resources}


async def next_of(responses: AsyncIterator[Any]) -> Any:
    """The next response, in time."""
    async with asyncio.timeout(DEADLINE):
        return await anext(responses)


@pytest.mark.parametrize("error", ["", "I do not like it"])
async def test_the_leaf_waits_until_the_proxy_has_answered_the_roots(proxy: Proxy, error: str) -> None:
    """Roots alone, then, when the proxy has taken or refused them, the leaf."""
    proxy.publisher.publish(secrets_of(svid(ShortCa())))
    async with aclosing(proxy.responses()) as responses:
        proxy.ask()
        first = await next_of(responses)
        assert names(first) == {KEY_PAIR, BUNDLE}
        proxy.ask(first.nonce)
        proxy.publisher.publish(secrets_of(svid(ShortCa())))
        roots = await next_of(responses)
        assert names(roots) == {BUNDLE}
        proxy.ask(roots.nonce, error)
        assert names(await next_of(responses)) == {KEY_PAIR}


async def test_a_proxy_that_never_answers_stops_no_rotation(proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """The leaf follows after a moment."""
    monkeypatch.setattr(module, "PATIENCE", 0.05)
    proxy.publisher.publish(secrets_of(svid(ShortCa())))
    async with aclosing(proxy.responses()) as responses:
        proxy.ask()
        await next_of(responses)
        proxy.publisher.publish(secrets_of(svid(ShortCa())))
        assert names(await next_of(responses)) == {BUNDLE}
        assert names(await next_of(responses)) == {KEY_PAIR}


async def test_a_rotation_that_comes_meanwhile_replaces_the_leaf_that_waits(proxy: Proxy) -> None:
    """What is distributed in the end is the newest, once."""
    ca = ShortCa()
    proxy.publisher.publish(secrets_of(svid(ShortCa())))
    async with aclosing(proxy.responses()) as responses:
        proxy.ask()
        proxy.ask((await next_of(responses)).nonce)
        proxy.publisher.publish(secrets_of(svid(ca)))
        newest = svid(ca)
        proxy.publisher.publish(secrets_of(newest))
        roots = await next_of(responses)
        assert names(roots) == {BUNDLE}
        proxy.ask(roots.nonce)
        leaf = await next_of(responses)
        (pair,) = (secret_pb2.Secret.FromString(resource.value) for resource in leaf.resources)
        assert newest.chain_pem == pair.tls_certificate.certificate_chain.inline_bytes
