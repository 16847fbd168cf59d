"""Items 39 and 40 of the checklist: what happens to the ledger's file under a CA that runs, by other programs' hands.

Real processes; what the CA notices, and what it says about each, is in `test_ledger_file`.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import pytest

from meshtui.ca.ledger_reader import LedgerReader
from meshtui.ca.records import State
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.identity.csr import make_csr
from meshtui.wire.gateway_authority_pb2 import SignServerCertificateRequest
from meshtui.wire.gateway_authority_pb2_grpc import GatewayAuthorityStub
from tests.ca.test_main import DEADLINE, Home, Running

CALLERS = 8
UNAVAILABLE = (grpc.StatusCode.UNAVAILABLE, "the CA cannot record its decisions")


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    found = Home(tmp_path)
    yield found
    await found.stop()


async def _leaves(home: Home, running: Running) -> list[str]:
    async with home.channel(running) as channel:
        return [chain[0] for chain in await asyncio.gather(*(home.issue(channel) for _ in range(CALLERS)))]


async def _unavailable(home: Home, running: Running) -> None:
    async with home.channel(running) as channel:
        outcomes = await asyncio.gather(*(home.issue(channel) for _ in range(CALLERS)), return_exceptions=True)
    for outcome in outcomes:
        assert isinstance(outcome, grpc.aio.AioRpcError)
        assert (outcome.code(), outcome.details()) == UNAVAILABLE


async def _told_to_the_owner(home: Home) -> str:
    """What the owner of the mesh hears, who may know."""
    asked = SignServerCertificateRequest(
        authority="example.com", csr=make_csr(home.key), hosts=["httpbin.example.com"], target="gateway/a/b"
    )
    async with grpc.aio.insecure_channel(f"unix:{home.directory / 'run' / 'g'}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await GatewayAuthorityStub(channel).SignServerCertificate(asked, timeout=DEADLINE)
    assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
    return caught.value.details() or ""


async def _heard(running: Running, event: str) -> dict[str, Any]:
    """The next line of a kind that the owner reads."""
    while (line := await running.line()).get("event") != event:
        pass
    return line


def _execute(path: Path, script: str) -> None:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=DEADLINE)) as connection:
        connection.executescript(script)


@pytest.mark.parametrize(
    ("take", "put_back", "says"),
    [
        (
            lambda path, aside: path.rename(aside),
            lambda path, aside: aside.rename(path),
            "ledger.db is gone: the CA has it open, and somebody has moved or deleted it. Put it back,",
        ),
        (
            lambda path, aside: (aside.hardlink_to(path), path.unlink(), path.write_bytes(aside.read_bytes())),
            lambda path, aside: aside.replace(path),
            "ledger.db is not the file that the CA opened: another is in its place. Put it back,",
        ),
        (
            lambda path, aside: _execute(path, "ALTER TABLE decisions RENAME TO others"),
            lambda path, aside: _execute(path, "ALTER TABLE others RENAME TO decisions"),
            "ledger.db: it has no decisions, ",
        ),
        (
            lambda path, aside: _execute(
                path,
                "CREATE TABLE last AS SELECT * FROM events ORDER BY number DESC LIMIT 1;"
                " DELETE FROM events WHERE number IN (SELECT number FROM last)",
            ),
            lambda path, aside: _execute(path, "INSERT INTO events SELECT * FROM last; DROP TABLE last"),
            "and not as the CA left it",
        ),
    ],
    ids=["renamed", "replaced", "table gone", "cut off"],
)
async def test_nothing_is_signed_without_the_ledger_in_its_place(
    home: Home, take: Callable[[Path, Path], object], put_back: Callable[[Path, Path], object], says: str
) -> None:
    """Callers are told to come back, the owner what to do; when it is done the same process goes on as before."""
    path = home.ca / "ledger.db"
    running = await home.start()
    received = await _leaves(home, running)
    take(path, home.directory / "aside")
    await _unavailable(home, running)
    assert says in await _told_to_the_owner(home)
    told = await _heard(running, "not-recorded")
    assert says in f"{told['error']} {told['fix']}"
    await _unavailable(home, running)
    put_back(path, home.directory / "aside")
    received += await _leaves(home, running)
    assert (await _heard(running, "issued"))["serial"]
    entries = LedgerReader(path).entries(pod_uid="uid-1", limit=1000)
    assert [entry.state for entry in entries] == [State.ISSUED] * 2 * CALLERS
    assert {entry.pem for entry in entries} == set(received)
    assert verify_ledger(path, running.root_pem()).problems == ()
    running.process.terminate()
    assert await running.ended() == 0
    assert says in await running.errors()
