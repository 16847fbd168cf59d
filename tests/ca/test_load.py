"""Item 46 of the checklist: a crowd is shed and not queued without end, and keeps the CA's owner from nothing.

Who is turned away hears RESOURCE_EXHAUSTED and nothing of when to come back: Istio's agents have a pause of their own.
Ten thousand at once are in `python -m tests.bench crowd`.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import grpc
import grpc.aio
import pytest

from meshtui.ca.records import State
from meshtui.ca.server import HOST, MAX_CALLS, CaServer
from meshtui.probe.tls import Address, seen
from meshtui.wire import istio_ca_pb2 as istio_pb
from meshtui.wire.gateway_authority_pb2 import SignServerCertificateRequest
from meshtui.wire.gateway_authority_pb2_grpc import GatewayAuthorityStub
from meshtui.wire.istio_ca_pb2_grpc import IstioCertificateServiceStub
from tests.bench.reconnect import Crowd, come_back
from tests.ca.test_service import DEADLINE, Served


@pytest.fixture
async def ca(tmp_path: Path) -> AsyncIterator[Served]:
    setting = Served(tmp_path, now=datetime.now(UTC))
    server = CaServer(setting.authority, setting.clock)
    setting.port = await server.start(0, setting.socket)
    yield setting
    await server.stop()


async def test_too_many_at_once_are_told_to_come_back(ca: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """While the disk hangs, calls past the bound get RESOURCE_EXHAUSTED, which agents retry; then all are served."""
    request, headers = istio_pb.IstioCertificateRequest(csr=ca.csr()), tuple(ca.bearer())
    refused, disk, commit = 0, threading.Event(), ca.ledger.commit

    def commit_late() -> None:
        disk.wait(DEADLINE)
        commit()

    monkeypatch.setattr(ca.ledger, "commit", commit_late)

    async def served(stub: IstioCertificateServiceStub) -> str:
        nonlocal refused
        pause = 0.05
        while True:
            try:
                answer = await stub.CreateCertificate(request, metadata=headers, timeout=DEADLINE)
                return str(answer.cert_chain[0])
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.RESOURCE_EXHAUSTED:
                    raise
                refused += 1
                disk.set()
                await asyncio.sleep(pause)
                pause *= 2

    async with ca.channel() as channel:
        stub = IstioCertificateServiceStub(channel)
        async with asyncio.timeout(30):
            answers = await asyncio.gather(*(served(stub) for _ in range(2 * MAX_CALLS)))
    assert len(set(answers)) == 2 * MAX_CALLS
    assert refused


async def test_a_crowd_that_comes_back_is_served(ca: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """Several hundred clients connect anew at once, some are refused, and each is served after retries of its own."""
    clients, disk, commit = (
        [f"client-{number}" for number in range(MAX_CALLS + 64)],
        threading.Event(),
        ca.ledger.commit,
    )

    def commit_late() -> None:
        disk.wait(DEADLINE)
        commit()

    monkeypatch.setattr(ca.ledger, "commit", commit_late)
    crowd = Crowd(
        address=f"{HOST}:{ca.port}",
        root=ca.root.pem,
        message=istio_pb.IstioCertificateRequest(csr=ca.csr()).SerializeToString().hex(),
        tokens=[ca.token(client) for client in clients],
        connections=len(clients),
    )
    async with asyncio.timeout(30):
        outcome = await come_back(crowd, when_refused=disk.set)
    assert outcome.again
    entries = ca.reader.entries(limit=2 * len(clients))
    issued = sorted(entry.pod_uid for entry in entries if entry.state is State.ISSUED and entry.pod_uid)
    assert sorted(f"uid-{client}" for client in clients) == issued


async def test_looks_at_whether_it_answers_do_not_starve(ca: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """While every place for a call is taken and the disk hangs, the owner's look is answered at once, each time.

    Istio's CA has no health service, and a call of one would be shed with the others; the owner looks whether there
    is a handshake on a connection of its own. A further call is turned away as fast, and not queued.
    """
    request, headers = istio_pb.IstioCertificateRequest(csr=ca.csr()), tuple(ca.bearer())
    disk, commit = threading.Event(), ca.ledger.commit

    def commit_late() -> None:
        disk.wait(DEADLINE)
        commit()

    monkeypatch.setattr(ca.ledger, "commit", commit_late)
    async with ca.channel() as channel:
        stub = IstioCertificateServiceStub(channel)
        calls = [stub.CreateCertificate(request, metadata=headers, timeout=DEADLINE) for _ in range(2 * MAX_CALLS)]
        waiting = asyncio.gather(*calls, return_exceptions=True)
        async with asyncio.timeout(DEADLINE):
            await asyncio.wait([asyncio.ensure_future(call.code()) for call in calls], return_when="FIRST_COMPLETED")
        for _ in range(10):
            async with asyncio.timeout(1):
                assert (await seen(Address.parse(f"{HOST}:{ca.port}"))).chain
            with pytest.raises(grpc.aio.AioRpcError) as caught:
                await stub.CreateCertificate(request, metadata=headers, timeout=1)
            assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
        disk.set()
        outcomes = await waiting
    refused = [outcome for outcome in outcomes if isinstance(outcome, grpc.aio.AioRpcError)]
    assert {outcome.code() for outcome in refused} == {grpc.StatusCode.RESOURCE_EXHAUSTED}
    assert sum(isinstance(outcome, istio_pb.IstioCertificateResponse) for outcome in outcomes) == 2 * MAX_CALLS - len(
        refused
    )


async def test_the_owner_is_answered_under_load(ca: Served) -> None:
    """While workloads keep 64 calls in flight, the owner's socket answers within a second, each time."""
    request, headers = istio_pb.IstioCertificateRequest(csr=ca.csr()), tuple(ca.bearer())
    asked = SignServerCertificateRequest(authority="example.com", csr=ca.csr(), hosts=["a.example.com"], target="g")

    async def keep_asking(stub: IstioCertificateServiceStub) -> None:
        while True:
            await stub.CreateCertificate(request, metadata=headers, timeout=DEADLINE)

    async with ca.channel() as channel, grpc.aio.insecure_channel(f"unix:{ca.socket}") as own:
        crowd = [asyncio.create_task(keep_asking(IstioCertificateServiceStub(channel))) for _ in range(64)]
        owner = GatewayAuthorityStub(own)
        await owner.SignServerCertificate(asked, timeout=DEADLINE)
        for _ in range(5):
            await owner.SignServerCertificate(asked, timeout=1.0)
        for task in crowd:
            task.cancel()
        await asyncio.gather(*crowd, return_exceptions=True)
