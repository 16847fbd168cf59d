"""What is promised of SDS, with a real Envoy on the other side."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from meshtui.agent.sds_service import bundle
from meshtui.identity.keys import key_pem, new_key
from meshtui.wire.discovery import Rejected
from tests.agent.tls_proxy import Authority, TlsProxy

ROTATIONS = 20
Start = Callable[..., AbstractAsyncContextManager[TlsProxy]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """Start an Envoy, which is gone at the end of the block."""

    @asynccontextmanager
    async def started(wait: str = "0s", **listeners: Sequence[str]) -> AsyncIterator[TlsProxy]:
        proxy = TlsProxy(tmp_path, listeners or {"one": ["default"]}, wait=wait)
        try:
            await proxy.start()
            yield proxy
        finally:
            await proxy.stop()

    return started


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture
def client(authority: Authority, tmp_path: Path) -> ssl.SSLContext:
    return authority.client(tmp_path)


def only(context: ssl.SSLContext, kind: str) -> ssl.SSLContext:
    """This client, with nothing but cipher suites of one kind of key."""
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(f"ECDHE-{kind}-AES128-GCM-SHA256")
    return context


async def test_two_certificates_on_one_listener(start: Start, authority: Authority, tmp_path: Path) -> None:
    """An EC and an RSA pair under two names: who can only do RSA is shown that one; each is rotated by itself."""
    async with start(one=["default", "rsa"]) as proxy:
        ec, rsa = authority.svid(), authority.svid("RSA 2048")
        proxy.agent.serve(default=ec, rsa=rsa, ROOTCA=authority.roots)
        await proxy.ready()
        old_client, new_client = (only(authority.client(tmp_path), kind) for kind in ("RSA", "ECDSA"))
        assert rsa.facts.serial == await proxy.presented(old_client)
        assert ec.facts.serial == await proxy.presented(new_client)
        again = authority.svid("RSA 2048")
        proxy.agent.serve(rsa=again)
        await proxy.agent.accepted(again.facts.serial)
        assert again.facts.serial == await proxy.presented(old_client)
        assert ec.facts.serial == await proxy.presented(new_client)


async def test_callers_are_checked_against_the_bundle(start: Start, authority: Authority, tmp_path: Path) -> None:
    """Nobody without a certificate, nobody of a root that the bundle lacks, until it has it."""
    other = Authority("another root")
    async with start() as proxy:
        proxy.agent.serve(default=authority.svid(), ROOTCA=authority.roots)
        await proxy.ready()
        await proxy.presented(authority.client(tmp_path))
        theirs = other.client(tmp_path)
        theirs.load_verify_locations(cadata=authority.root.pem)
        for refused in (authority.stranger(), theirs):
            with pytest.raises((OSError, EOFError)):
                await proxy.presented(refused)
        both = authority.roots + other.roots
        proxy.agent.serve(ROOTCA=both)
        await proxy.agent.accepted(bundle("ROOTCA", both).version)
        await proxy.presented(theirs)


async def test_proxy_that_is_faster_than_its_agent_waits(
    start: Start, authority: Authority, client: ssl.SSLContext
) -> None:
    """It asks for names that do not exist yet, and is ready when they do."""
    async with start() as proxy:
        await proxy.agent.connected(2)
        svid = authority.svid()
        proxy.agent.serve(default=svid)
        await proxy.agent.accepted(svid.facts.serial)
        proxy.agent.serve(ROOTCA=authority.roots)
        await proxy.ready()
        assert svid.facts.serial == await proxy.presented(client)


async def test_further_name_appears_while_the_proxy_serves(
    start: Start, authority: Authority, client: ssl.SSLContext
) -> None:
    """A listener without its secret takes nobody, the other serves, and the late one does as soon as it is there."""
    async with start("0.2s", one=["default"], two=["later"]) as proxy:
        proxy.agent.serve(default=authority.svid(), ROOTCA=authority.roots)
        await proxy.ready()
        await proxy.presented(client)
        with pytest.raises((OSError, EOFError)):
            await proxy.presented(client, "two")
        svid = authority.svid()
        proxy.agent.serve(later=svid)
        await proxy.agent.accepted(svid.facts.serial)
        assert svid.facts.serial == await proxy.presented(client, "two")


@pytest.mark.parametrize(
    ("key", "words"),
    [(key_pem(new_key()), "KEY_VALUES_MISMATCH"), (b"-----garbage-----", "Failed to load private key")],
)
async def test_refused_secret_keeps_the_last_good_one(
    start: Start, authority: Authority, client: ssl.SSLContext, key: bytes, words: str
) -> None:
    """It is told once, in Envoy's words, is not sent again, and the next good one is taken."""
    async with start() as proxy:
        good = authority.svid()
        proxy.agent.serve(default=good, ROOTCA=authority.roots)
        await proxy.ready()
        bad = replace(authority.svid(), private_key_pem=key)
        proxy.agent.serve(default=bad)
        assert words in (await proxy.agent.rejected(bad.facts.serial)).reason
        assert good.facts.serial == await proxy.presented(client)
        proxy.agent.serve(ROOTCA=authority.roots)  # the world is said again, and has nothing new
        better = authority.svid()
        proxy.agent.serve(default=better)
        await proxy.agent.accepted(better.facts.serial)
        assert better.facts.serial == await proxy.presented(client)
        assert sum(isinstance(verdict, Rejected) for verdict in proxy.agent.verdicts) == 1


async def test_refused_secret_is_still_refused_after_a_reconnect(
    start: Start, authority: Authority, client: ssl.SSLContext
) -> None:
    """Envoy acknowledges what it is given a second time, refused or not; the good one is what it really presents."""
    async with start() as proxy:
        good, bad = authority.svid(), replace(authority.svid(), private_key_pem=key_pem(new_key()))
        proxy.agent.serve(default=good, ROOTCA=authority.roots)
        await proxy.ready()
        proxy.agent.serve(default=bad)
        await proxy.agent.rejected(bad.facts.serial)
        await proxy.agent.stop()
        await proxy.agent.start()
        await proxy.agent.accepted(bad.facts.serial)  # of a new agent, which cannot know better
        assert good.facts.serial == await proxy.presented(client)
        assert bad.facts.serial not in await proxy.process.admin.serials()
        proxy.agent.serve(default=good)
        await proxy.agent.accepted(good.facts.serial)
        assert good.facts.serial == await proxy.presented(client)


async def test_rotation_under_load_drops_nothing(start: Start, authority: Authority, client: ssl.SSLContext) -> None:
    """New and open connections are answered all through; the open one keeps the certificate that it began with."""
    async with start() as proxy:
        first = authority.svid()
        proxy.agent.serve(default=first, ROOTCA=authority.roots)
        await proxy.ready()
        kept = await proxy.connect(client)
        done = asyncio.Event()
        seen: list[str] = []

        async def new_connections() -> None:
            while not done.is_set():
                seen.append(await proxy.presented(client))

        async def one_connection() -> None:
            while not done.is_set():
                await kept.get()

        async with asyncio.TaskGroup() as load:
            load.create_task(new_connections())
            load.create_task(one_connection())
            for _ in range(ROTATIONS):
                last = authority.svid()
                proxy.agent.serve(default=last)
                await proxy.agent.accepted(last.facts.serial)
            done.set()
        assert (first.facts.serial, last.facts.serial) == (kept.serial, await proxy.presented(client))
        assert len(set(seen)) > 1
        await kept.close()


async def test_new_envoy_gets_everything_again(start: Start, authority: Authority, client: ssl.SSLContext) -> None:
    """One that is killed and started again serves what is current, without anything being published."""
    async with start() as proxy:
        proxy.agent.serve(default=authority.svid(), ROOTCA=authority.roots)
        pid = await proxy.ready()
        svid = authority.svid()
        proxy.agent.serve(default=svid)
        os.kill(pid, signal.SIGKILL)
        assert pid != await proxy.ready()
        assert svid.facts.serial == await proxy.presented(client)


async def test_agent_may_go_and_come_back(start: Start, authority: Authority, client: ssl.SSLContext) -> None:
    """Envoy serves what it has while there is no agent, connects again by itself and gets what is new."""
    async with start() as proxy:
        first = authority.svid()
        proxy.agent.serve(default=first, ROOTCA=authority.roots)
        await proxy.ready()
        kept = await proxy.connect(client)
        await proxy.agent.stop()
        assert first.facts.serial == await proxy.presented(client)
        second = authority.svid()
        proxy.agent.serve(default=second)
        await proxy.agent.start()
        await proxy.agent.accepted(second.facts.serial)
        assert second.facts.serial == await proxy.presented(client)
        await kept.get()
        await kept.close()


async def test_agent_that_comes_back_with_the_same_makes_no_work(
    start: Start, authority: Authority, client: ssl.SSLContext
) -> None:
    """It is sent again, and Envoy, which compares it with what it has, makes no new TLS context of it."""
    async with start() as proxy:
        svid = authority.svid()
        proxy.agent.serve(default=svid, ROOTCA=authority.roots)
        await proxy.ready()
        before = await proxy.rebuilt()
        proxy.agent.verdicts.clear()
        await proxy.agent.stop()
        await proxy.agent.start()
        await proxy.agent.accepted(svid.facts.serial)
        await proxy.agent.connected(2)
        assert before == await proxy.rebuilt()
        other = authority.svid()
        proxy.agent.serve(default=other)
        await proxy.agent.accepted(other.facts.serial)
        assert before < await proxy.rebuilt()


async def test_each_secret_has_a_stream_that_all_its_listeners_share(
    start: Start, authority: Authority, client: ssl.SSLContext
) -> None:
    """Three secrets of two listeners are three streams of one proxy, and all of them hear of a change."""
    async with start(one=["default", "rsa"], two=["default"]) as proxy:
        proxy.agent.serve(default=authority.svid(), rsa=authority.svid("RSA 2048"), ROOTCA=authority.roots)
        await proxy.ready()
        await proxy.agent.connected(3)
        svid, rsa = authority.svid(), authority.svid("RSA 2048")
        proxy.agent.serve(default=svid, rsa=rsa)
        await proxy.agent.accepted(svid.facts.serial)
        await proxy.agent.accepted(rsa.facts.serial)
        assert svid.facts.serial == await proxy.presented(client, "one") == await proxy.presented(client, "two")
