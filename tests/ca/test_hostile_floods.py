"""Item 47 of the checklist: floods that cost their sender little must cost the CA's process little.

Each against a CA in a process of its own, whose memory and descriptors are counted from outside, and which must
serve an honest caller during and after the flood.
"""

from __future__ import annotations

import asyncio
import resource
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from meshtui.ca.__main__ import LAST_WAIT as ENDING
from meshtui.ca.server import GRACE, LAST_WAIT
from tests.ca.raw_http2 import (
    CANCEL,
    END_HEADERS,
    Kind,
    RawConnection,
    call_headers,
    frame,
    header_block,
)
from tests.ca.test_main import DEADLINE, Home, Running

MEGABYTE = 2**20
ROOM = 30 * MEGABYTE
"""What a flood may cost. A flood of these tests is larger, or opens more than would fit."""


@pytest.fixture
async def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Home]:
    monkeypatch.setenv("GRPC_VERBOSITY", "NONE")  # as `meshtui serve` does: strangers write no lines into its log
    found = Home(tmp_path)
    yield found
    await found.stop()


async def _warm(home: Home) -> tuple[Running, int]:
    """A CA that has issued, and its memory."""
    running = await home.start()
    async with home.channel(running) as channel:
        for _ in range(20):
            await home.issue(channel)
    return running, running.resident_bytes()


async def _serves(home: Home, running: Running) -> None:
    async with home.channel(running) as channel, asyncio.timeout(DEADLINE):
        await home.issue(channel)


async def _ends_well(home: Home, running: Running) -> None:
    """It stops when told, and has said nothing in its log."""
    running.process.terminate()
    assert await running.ended() == 0
    assert await running.errors() == ""


async def _drain(connection: RawConnection) -> None:
    while await connection.receive() is not None:
        pass


async def test_rapid_resets(home: Home) -> None:
    """Calls that are opened and reset at once (CVE-2023-44487), thousands of them, leave nothing behind."""
    running, before = await _warm(home)
    block, reset = call_headers(), CANCEL.to_bytes(4, "big")
    for _ in range(5):
        flood = await RawConnection.open(running.first["port"])
        draining = asyncio.create_task(_drain(flood))
        with suppress(ConnectionError):
            for first in range(1, 4000, 200):
                pairs = (
                    frame(Kind.HEADERS, END_HEADERS, stream, block) + frame(Kind.RST_STREAM, 0, stream, reset)
                    for stream in range(first, first + 200, 2)
                )
                await flood.send(b"".join(pairs))
        await _serves(home, running)
        await flood.close()
        await draining
    assert running.resident_bytes() - before < ROOM
    await _ends_well(home, running)


@pytest.mark.parametrize("acknowledge", [True, False])
async def test_endless_headers(home: Home, acknowledge: bool) -> None:
    """A header block that goes on in CONTINUATION frames for ever (CVE-2024-27316) is not kept.

    Not even for a peer that does not acknowledge the CA's settings, for which gRPC's bound for headers does not hold.
    """
    running, before = await _warm(home)
    flood = await RawConnection.open(running.first["port"], acknowledge=acknowledge)
    draining = asyncio.create_task(_drain(flood))
    part = frame(Kind.CONTINUATION, 0, 1, header_block([(f"x-{number}", "y" * 1000) for number in range(15)]))
    sent, most = 0, before
    await flood.send(frame(Kind.HEADERS, 0, 1, call_headers()))
    with suppress(ConnectionError):
        while sent < 256 * MEGABYTE and not draining.done():
            await flood.send(part * 8)
            sent += len(part) * 8
            most = max(most, running.resident_bytes())
    await _serves(home, running)
    await flood.close()
    await draining
    # gRPC reads ahead of dropping, further for a peer that does not acknowledge; what it drops it does not keep
    assert most - before < (128 if acknowledge else 208) * MEGABYTE
    await _ends_well(home, running)


@pytest.mark.parametrize(("kind", "payload"), [(Kind.PING, bytes(8)), (Kind.SETTINGS, b"")])
async def test_answers_to_frames_do_not_pile_up(home: Home, kind: Kind, payload: bytes) -> None:
    """A sender of frames that each want an answer, which it does not read, is cut off or made to wait."""
    running, before = await _warm(home)
    flood = await RawConnection.open(running.first["port"])
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(1):
            for _ in range(1000):
                await flood.send(frame(kind, 0, 0, payload) * 1000)
    await _serves(home, running)
    assert running.resident_bytes() - before < ROOM
    await flood.close()
    await _ends_well(home, running)


async def test_it_ends_in_time_whatever_its_peers_do(home: Home) -> None:
    """A peer that goes on sending and never reads cannot keep the CA from ending when it is told to."""
    running, _ = await _warm(home)
    flood = await RawConnection.open(running.first["port"])
    with suppress(ConnectionError, TimeoutError):
        async with asyncio.timeout(1):
            for _ in range(1000):
                await flood.send(frame(Kind.PING, 0, 0, bytes(8)) * 1000)
    async with asyncio.timeout(2 * (GRACE + LAST_WAIT + ENDING)):
        await _ends_well(home, running)
    await flood.close()


async def test_idle_connections_are_given_back(home: Home) -> None:
    """Hundreds of connections that do nothing cost little, and their descriptors come back when they are gone."""
    running, before = await _warm(home)
    had = running.descriptors()
    idle = [await RawConnection.open(running.first["port"]) for _ in range(200)]
    await _serves(home, running)
    assert running.resident_bytes() - before < ROOM
    for connection in idle:
        await connection.close()
    async with asyncio.timeout(DEADLINE):
        while running.descriptors() > had + 2:
            await _serves(home, running)
    await _ends_well(home, running)


async def test_descriptors_that_run_out_come_back(home: Home) -> None:
    """While connections hold all descriptors that the process may have nobody else comes in; afterwards all do."""
    running, _ = await _warm(home)
    async with home.channel(running) as early:
        await home.issue(early)
        _, hard = resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE)
        resource.prlimit(running.process.pid, resource.RLIMIT_NOFILE, (running.descriptors() + 20, hard))
        crowd = [await asyncio.open_connection("127.0.0.1", running.first["port"]) for _ in range(60)]
        await home.issue(early)
        for _, writer in crowd:
            writer.transport.abort()
        await _serves(home, running)
    running.process.terminate()
    assert await running.ended() == 0
