"""Items 44 and 45 of the checklist: random numbers that are none, and a key that fails or does not answer."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Iterator
from itertools import repeat
from pathlib import Path

import grpc
import grpc.aio
import pytest
from cryptography import x509
from cryptography.exceptions import InternalError

from meshtui.ca.ledger_reader import LedgerReader
from meshtui.ca.records import LedgerEntry, State
from meshtui.ca.refusal import Reason
from meshtui.ca.server import MAX_CALLS
from meshtui.ca.signer import Signer, new_serial
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.identity.csr import make_csr
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from meshtui.wire.istio_ca_pb2_grpc import IstioCertificateServiceStub
from tests.ca.hostile import Answer, Hostile, now, serving
from tests.ca.test_main import DEADLINE, Home

CALLERS = 16
PATIENCE = 1.0
"""Seconds that a caller waits for a key that does not answer."""


class Drawing(Hostile):
    """A CA whose serials a test draws."""

    draws: Iterator[int] | None = None

    def __post_init__(self) -> None:
        self.serials = lambda: next(self.draws) if self.draws else new_serial()
        super().__post_init__()


@pytest.fixture
async def ca(tmp_path: Path) -> AsyncIterator[Drawing]:
    async with serving(found := Drawing(tmp_path, now=now())):
        yield found


async def _asked(ca: Hostile) -> list[Answer]:
    return await asyncio.gather(*(ca.ask(ca.message(), ca.bearer()) for _ in range(CALLERS)))


def _verified(ca: Hostile) -> bool:
    return verify_ledger(ca.directory / "ledger.db", ca.root.following[-1].encode()).problems == ()


async def test_zero_and_repeated_serials_are_drawn_again(ca: Drawing) -> None:
    """Item 44: among callers at the same time none gets zero, a negative serial or another's, and each gets one."""
    ca.draws = iter([0, 7, -7, 7, 8, 8, *range(1000, 2000)])
    answers = await _asked(ca)
    serials = {x509.load_pem_x509_certificate(answer.chain[0].encode()).serial_number for answer in answers}
    assert len(serials) == CALLERS
    assert min(serials) == 7
    assert _verified(ca)


@pytest.mark.parametrize("serial", [0, 7])
async def test_a_broken_source_is_an_alarm_and_no_leaf(
    ca: Drawing, capsys: pytest.CaptureFixture[str], serial: int
) -> None:
    """Item 44: from a source that draws only one number nothing more is issued, and the CA's log says why."""
    ca.draws = iter([7])
    assert (await ca.ask(ca.message(), ca.bearer())).chain
    ca.draws = repeat(serial)
    for answer in await _asked(ca):
        assert (answer.code, answer.chain) == (grpc.StatusCode.UNAVAILABLE, ())
        assert "serial" not in answer.text
    assert "source of random serials" in capsys.readouterr().err
    ca.draws = None
    assert len([answer for answer in await _asked(ca) if answer.chain]) == CALLERS
    assert _verified(ca)


@pytest.mark.parametrize(
    "error",
    [RuntimeError("the secret device"), MemoryError(), ValueError("secret"), InternalError("openssl", [])],
    ids=repr,
)
async def test_a_signer_that_fails_costs_its_calls_alone(
    ca: Drawing, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    """Item 45: no leaf, Istio's status for it, the reason in ledger and log alone; with the signer back all goes on."""

    def failing(*_: object) -> x509.Certificate:
        raise error

    with monkeypatch.context() as broken:
        broken.setattr(Signer, "sign", failing)
        for answer in await _asked(ca):
            assert (answer.code, answer.text) == (grpc.StatusCode.INTERNAL, "the CA cannot sign")
    assert type(error).__name__ in capsys.readouterr().err
    entries = ca.decisions()
    assert [(entry.state, entry.reason, entry.pem) for entry in entries] == [
        (State.FAILED, Reason.SIGNED_WRONG, "")
    ] * CALLERS
    assert type(error).__name__ in entries[0].detail
    assert len([answer for answer in await _asked(ca) if answer.chain]) == CALLERS
    assert _verified(ca)


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Home]:
    monkeypatch.setenv("HOLD", str(tmp_path / "hold"))
    found = Home(tmp_path)
    yield found
    await found.stop()


async def test_a_signer_that_hangs_holds_nobody_for_ever(home: Home) -> None:
    """Item 45: callers give up when they like, memory stays where it was, and afterwards everything is decided."""
    running = await home.start(program=(sys.executable, "-m", "tests.ca.faulty", "hanging"))
    async with home.channel(running) as channel:
        await home.issue(channel)
        before = running.resident_bytes()
        (home.directory / "hold").touch()
        stub, request, headers = IstioCertificateServiceStub(channel), _request(home), home.headers()
        calls = [stub.CreateCertificate(request, metadata=headers, timeout=PATIENCE) for _ in range(2 * MAX_CALLS)]
        outcomes = await asyncio.gather(*calls, return_exceptions=True)
        codes = {outcome.code() for outcome in outcomes if isinstance(outcome, grpc.aio.AioRpcError)}
        assert len(outcomes) == sum(isinstance(outcome, grpc.aio.AioRpcError) for outcome in outcomes)
        assert codes <= {grpc.StatusCode.DEADLINE_EXCEEDED, grpc.StatusCode.RESOURCE_EXHAUSTED}
        (home.directory / "hold").unlink()
        async with asyncio.timeout(DEADLINE):
            await home.issue(channel)
            while any(entry.state is State.INTENT for entry in _entries(home)):
                await home.issue(channel)
    assert running.resident_bytes() - before < 30 * 2**20
    assert verify_ledger(home.ca / "ledger.db", running.root_pem()).problems == ()
    running.process.terminate()
    assert await running.ended() == 0
    assert await running.errors() == ""


def _request(home: Home) -> IstioCertificateRequest:
    return IstioCertificateRequest(csr=make_csr(home.key))


def _entries(home: Home) -> list[LedgerEntry]:
    return LedgerReader(home.ca / "ledger.db").entries(pod_uid="uid-1", limit=2000)
