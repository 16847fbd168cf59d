"""Following a certificate to the wire tells its own faults from those of its surroundings."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest
from cryptography import x509

from meshtui.backends.embedded import following
from meshtui.backends.embedded.following import Endpoint, Follower
from meshtui.backends.embedded.proxy import EnvoyProxy, Refusals
from meshtui.backends.embedded.pulse import Pulse
from meshtui.errors import MeshError, RefusedError, UnreachableError
from meshtui.identity.facts import CertificateFacts
from meshtui.identity.inspect import facts
from meshtui.identity.keys import key_pem
from meshtui.mesh.rows import Step
from meshtui.mesh.snapshot import Truth
from meshtui.probe.tls import Address
from meshtui.wire.discovery import LISTENER, SECRET, Accepted, Rejected, Resource
from tests.identity import forge
from tests.identity.forge import Pair

HOST = "shop.example.com"
TARGET = "gateway/a/shop"


def made() -> Pair:
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    return forge.make([(names, True)], start=now - timedelta(hours=1), end=now + timedelta(hours=1))


class Proxy:
    """What an Envoy would say of itself."""

    def __init__(self, served: CertificateFacts | None = None, *, down: str = "", refuses: str = "") -> None:
        self.certificate, self.down, self.refuses = served, down, refuses

    @property
    def running(self) -> bool:
        return not self.down

    def served(self, _name: str) -> Truth:
        return Truth(certificate=self.certificate)

    def refused(self, _name: str) -> str:
        return self.refuses


class Edge:
    """A place where it is to be presented."""

    def __init__(self, *proxies: Proxy, endpoints: tuple[Endpoint, ...] = ()) -> None:
        self._proxies = proxies
        self._endpoints = endpoints

    def proxies(self, _target: str) -> list[EnvoyProxy]:
        return list(cast(Any, self._proxies))

    def endpoints(self, _target: str) -> list[Endpoint]:
        return list(self._endpoints)


@asynccontextmanager
async def serving(pair: Pair, directory: Path) -> AsyncIterator[Endpoint]:
    """A TLS server that presents this pair."""
    certificate, key = directory / "certificate.pem", directory / "key.pem"
    certificate.write_text(pair.pem)
    key.write_bytes(key_pem(pair.key))
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate, key)
    server = await asyncio.start_server(lambda _r, writer: writer.close(), "127.0.0.1", 0, ssl=context)
    async with server:
        yield HOST, Address(host="127.0.0.1", port=server.sockets[0].getsockname()[1])


def follower(edge: Edge, pulse: Pulse | None = None) -> Follower:
    return Follower(TARGET, "kubernetes://a/shop", edge, pulse or Pulse())


async def follow(
    edge: Edge, after: CertificateFacts, answered: tuple[Endpoint, ...] = (), *, displaced: str = ""
) -> bool | None:
    steps: list[Step] = []
    return await follower(edge).follow(after, lambda: displaced, answered, lambda step, _text: steps.append(step))


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "SERVE_DEADLINE", 0.3)
    monkeypatch.setattr(following, "PATIENCE", 0.1)


async def test_where_no_envoy_is_to_present_it_there_is_nothing_to_follow() -> None:
    """Nobody says that it is served."""
    assert await follow(Edge(), facts(made().certificate)) is None


async def test_an_envoy_that_is_down_has_refused_nothing() -> None:
    """It gets it when it is back."""
    with pytest.raises(UnreachableError, match="The Secret has the new certificate, but it is not served: it died"):
        await follow(Edge(Proxy(down="it died")), facts(made().certificate))


@pytest.mark.parametrize(
    ("refuses", "words"), [("KEY_VALUES_MISMATCH", "KEY_VALUES_MISMATCH"), ("", "it still serves another after 0.3 s")]
)
async def test_an_envoy_that_runs_and_does_not_take_it(refuses: str, words: str) -> None:
    """Because it says so, or because time is over; one of two is enough."""
    after, before = facts(made().certificate), facts(made().certificate)
    with pytest.raises(MeshError, match=f"Envoy did not take {after.serial}: {words}") as caught:
        await follow(Edge(Proxy(after), Proxy(before, refuses=refuses)), after)
    assert type(caught.value) is MeshError


async def test_what_others_put_in_its_place_ends_it_at_once() -> None:
    """Whatever the proxies do."""
    with pytest.raises(RefusedError, match="was changed"):
        await follow(Edge(Proxy(down="it died")), facts(made().certificate), displaced="It was changed.")


async def test_it_is_served_when_every_envoy_and_every_host_presents_it(tmp_path: Path) -> None:
    """In this order."""
    pair = made()
    async with serving(pair, tmp_path) as endpoint:
        edge = Edge(Proxy(facts(pair.certificate)), endpoints=(endpoint,))
        assert await follower(edge).answering() == {endpoint}
        assert await follow(edge, facts(pair.certificate)) is True


async def test_a_host_that_presents_another_in_the_end(tmp_path: Path) -> None:
    """Is named, with what it presents."""
    pair, after = made(), facts(made().certificate)
    async with serving(pair, tmp_path) as endpoint:
        with pytest.raises(
            MeshError, match=rf"{HOST} at 127.* presents {facts(pair.certificate).serial}, not {after.serial}"
        ):
            await follow(Edge(Proxy(after), endpoints=(endpoint,)), after)


async def test_a_host_that_takes_no_handshake_any_more() -> None:
    """It is the certificate's fault if it did before, and not if it did not."""
    after, nowhere = facts(made().certificate), (HOST, Address(host="127.0.0.1", port=1))
    edge = Edge(Proxy(after), endpoints=(nowhere,))
    assert await follower(edge).answering() == frozenset()
    with pytest.raises(MeshError, match=f"takes no handshake with {after.serial}, as it did before") as caught:
        await follow(edge, after, (nowhere,))
    assert type(caught.value) is MeshError
    with pytest.raises(UnreachableError, match="takes no handshake, nor did it before"):
        await follow(edge, after)


async def test_a_refusal_that_comes_late_counts() -> None:
    """Of a certificate that it had before, Envoy shows the serial before it has looked at the key."""
    after, pulse = facts(made().certificate), Pulse()
    proxy = Proxy(after)
    edge = Edge(proxy, endpoints=((HOST, Address(host="127.0.0.1", port=1)),))

    def refuse(step: Step, _text: str) -> None:
        if step is Step.VERIFYING:
            proxy.refuses = "KEY_VALUES_MISMATCH"
            asyncio.get_running_loop().call_soon(pulse.beat)

    with pytest.raises(MeshError, match="KEY_VALUES_MISMATCH"):
        await follower(edge, pulse).follow(after, lambda: "", (), refuse)


def test_a_refusal_is_of_the_version_that_was_refused() -> None:
    """Another version has not been refused, and a late word about an older one says nothing of it."""
    refusals = Refusals()
    refusals.keep({SECRET: {"a": Resource("1", None)}, LISTENER: {"l": Resource("1", None)}})
    refusals.hear(Rejected(SECRET, {"a": "1"}, "bad key\nand the rest"))
    refusals.hear(Rejected(LISTENER, {"l": "1"}, "bad key"))
    assert (refusals.of(SECRET, "a"), refusals.of(SECRET, "b"), refusals.words) == ("bad key", "", "bad key")
    refusals.keep({SECRET: {"a": Resource("2", None)}, LISTENER: {"l": Resource("1", None)}})
    assert refusals.of(SECRET, "a") == ""
    refusals.hear(Rejected(SECRET, {"a": "1"}, "late"))
    assert (refusals.of(SECRET, "a"), refusals.of(LISTENER, "l")) == ("", "bad key")
    refusals.hear(Accepted(LISTENER, {"l": "1"}))
    assert refusals.words == ""
