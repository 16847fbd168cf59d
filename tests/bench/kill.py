"""The part `kill`: kill -9 at random moments while it issues, and what the ledger says about it afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import random
import sqlite3
import tempfile
from pathlib import Path

import grpc
import grpc.aio
from cryptography import x509

from meshtui.ca.verify_ledger import verify_ledger
from meshtui.identity.facts import serial_text
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from meshtui.wire.istio_ca_pb2_grpc import IstioCertificateServiceStub
from tests.bench.authority import BenchAuthority
from tests.bench.table import Row

ROUNDS = 50
CALLERS = 16


def measure() -> list[Row]:
    """Rounds, certificates that were received, and how many of them anything is wrong with."""
    with tempfile.TemporaryDirectory(prefix="meshtui-kill-") as folder:
        received = survive(Path(folder), ROUNDS)
    return [
        (f"kill -9 in {ROUNDS} rounds of issuing: certificates received", str(received), "-"),
        ("of them unknown to the ledger, or with a serial used twice, or in a ledger that does not verify", "0", "0"),
    ]


def survive(folder: Path, rounds: int, seed: int = 0) -> int:
    """Returns how many certificates were received; raises AssertionError for the first that is not as it must be."""
    chance = random.Random(seed)
    authority = BenchAuthority(folder)
    received: list[str] = []
    for _ in range(rounds):
        authority.start()
        _check(authority, received)
        received += asyncio.run(_issue_until_killed(authority, chance.uniform(0.0, 0.4)))
    authority.start()
    _check(authority, received)
    authority.stop()
    return len(received)


async def _issue_until_killed(authority: BenchAuthority, seconds: float) -> list[str]:
    received: list[str] = []
    credentials = grpc.ssl_channel_credentials(authority.root.read_bytes())
    request = IstioCertificateRequest(csr=authority.csr)
    headers = (("authorization", f"Bearer {authority.token()}"),)
    begun = asyncio.Event()

    async with grpc.aio.secure_channel(f"127.0.0.1:{authority.port}", credentials) as channel:
        stub = IstioCertificateServiceStub(channel)

        async def ask() -> None:
            with contextlib.suppress(grpc.aio.AioRpcError):
                while True:
                    answer = await stub.CreateCertificate(request, metadata=headers, timeout=10)
                    received.append(answer.cert_chain[0])
                    begun.set()

        asking = [asyncio.create_task(ask()) for _ in range(CALLERS)]
        await begun.wait()
        await asyncio.sleep(seconds)
        await asyncio.to_thread(authority.kill)
        await asyncio.gather(*asking)
    return received


def _check(authority: BenchAuthority, received: list[str]) -> None:
    """Right after a restart: everything received is in the ledger as it was, and no serial is there or here twice."""
    serials = [serial_text(x509.load_pem_x509_certificate(pem.encode()).serial_number) for pem in received]
    assert len(serials) == len(set(serials)), "a serial was used twice"
    connection = sqlite3.connect(f"{authority.ledger.as_uri()}?mode=ro", uri=True)
    known = dict(connection.execute("SELECT serial, pem FROM decisions WHERE state = 'issued'").fetchall())
    (undecided,) = connection.execute("SELECT count(*) FROM decisions WHERE state = 'intent'").fetchone()
    connection.close()
    assert undecided == 0, f"{undecided} intents have no outcome"
    for serial, pem in zip(serials, received, strict=True):
        assert known.get(serial) == pem, f"{serial} was handed out, and the ledger does not know it"
    problems = verify_ledger(authority.ledger, authority.root.read_bytes()).problems
    assert not problems, problems
