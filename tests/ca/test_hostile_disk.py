"""Item 39 of the checklist: a disk that is full, read-only or broken under a CA that runs, and under one that starts.

Real processes, and faults of the kernel's: a limit on file sizes, a tiny file system, system calls that fail.
"""

from __future__ import annotations

import asyncio
import os
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import grpc
import grpc.aio
import pytest

from meshtui.ca.ledger_reader import LedgerReader
from meshtui.ca.records import State
from meshtui.ca.server import CaServer
from meshtui.ca.verify_ledger import verify_ledger
from tests.ca.test_main import Home, Running
from tests.ca.test_service import Served

CALLERS = 8
UNAVAILABLE = (grpc.StatusCode.UNAVAILABLE, "the CA cannot record its decisions")
PAGES = (1, 13, 15, 21, 22, 27)
"""Of a disk on which the first start fails: at the ledger, its log, the root, the CA's own server certificate."""


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    found = Home(tmp_path)
    yield found
    await found.stop()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of one megabyte."""
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", disk], check=False, capture_output=True
    )
    if mounted.returncode != 0:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def _remount(disk: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", disk], check=True)


async def _asked(home: Home, running: Running) -> list[str]:
    """The leaves that several callers got at once; those without one were told to come back, and nothing else."""
    async with home.channel(running) as channel:
        outcomes = await asyncio.gather(*(home.issue(channel) for _ in range(CALLERS)), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            assert isinstance(outcome, grpc.aio.AioRpcError)
            assert (outcome.code(), outcome.details()) == UNAVAILABLE
    return [outcome[0] for outcome in outcomes if not isinstance(outcome, BaseException)]


async def _comes_back(home: Home, running: Running, received: list[str]) -> None:
    """The same process issues again, and its ledger is whole, has all that was received and leaves nothing open."""
    again = await _asked(home, running)
    assert len(again) == CALLERS
    entries = LedgerReader(home.ca / "ledger.db").entries(pod_uid="uid-1", limit=1000)
    assert {*received, *again} == {entry.pem for entry in entries if entry.state is State.ISSUED}
    assert not [entry for entry in entries if entry.state is State.INTENT]
    assert verify_ledger(home.ca / "ledger.db", running.root_pem()).problems == ()
    running.process.terminate()
    assert await running.ended() == 0
    assert "Traceback" not in await running.errors()


@contextmanager
def _no_file_grows(running: Running) -> Iterator[None]:
    _, hard = resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (0, hard))
    yield
    resource.prlimit(running.process.pid, resource.RLIMIT_FSIZE, (hard, hard))


@contextmanager
def _failing(running: Running, calls: str, error: str) -> Iterator[None]:
    """Let system calls of the process fail."""
    if not shutil.which("strace"):
        pytest.skip("strace is not here")
    command = ["strace", "-f", "-p", str(running.process.pid), "-o", "/dev/null", "-e", f"trace={calls}"]
    tracer = subprocess.Popen([*command, "-e", f"inject={calls}:error={error}"], stderr=subprocess.PIPE)
    assert tracer.stderr is not None
    try:
        if b"attached" not in tracer.stderr.readline():
            pytest.skip("tracing is not allowed here")
        yield
    finally:
        tracer.terminate()
        tracer.wait()
        tracer.stderr.close()


async def test_files_that_cannot_grow(home: Home) -> None:
    """At the end of a quota nothing is issued, everybody is told to come back, and with room all goes on."""
    running = await home.start()
    received = await _asked(home, running)
    with _no_file_grows(running):
        assert await _asked(home, running) == []
    await _comes_back(home, running, received)


@pytest.mark.parametrize(
    ("calls", "error"),
    [("pwrite64", "ENOSPC"), ("pwrite64", "EIO"), ("pwrite64", "EROFS"), ("fsync,fdatasync", "EIO")],
    ids=["full", "broken", "read-only", "not flushed"],
)
async def test_a_disk_that_fails_under_a_running_ca(home: Home, calls: str, error: str) -> None:
    """Full, broken or suddenly read-only, and even where only the flush fails: no leaf, and no restart afterwards."""
    running = await home.start()
    received = await _asked(home, running)
    with _failing(running, calls, error):
        assert await _asked(home, running) == []
        assert await _asked(home, running) == []
    await _comes_back(home, running, received)


async def test_a_full_file_system(home: Home, small_disk: Path) -> None:
    """The CA issues until the last block is gone, refuses then, and goes on when something is deleted."""
    home.ca = small_disk / "ca"
    running = await home.start()
    received = await _asked(home, running)
    with (small_disk / "ballast").open("wb") as ballast:
        _fill(ballast.fileno())
    for _ in range(50):  # what the write-ahead log has reserved may still be written
        if not (got := await _asked(home, running)):
            break
        received += got
    assert await _asked(home, running) == []
    (small_disk / "ballast").unlink()
    await _comes_back(home, running, received)


async def test_a_start_on_a_full_file_system(home: Home, small_disk: Path) -> None:
    """A CA that finds no room at its start says so in one line, and starts as the same CA when there is some."""
    home.ca = small_disk / "ca"
    first = await home.start()
    root = first.root_pem()
    received = await _asked(home, first)
    first.process.terminate()
    await first.ended()
    with (small_disk / "ballast").open("wb") as ballast:
        _fill(ballast.fileno())
    second = await home.start()
    assert "full" in second.first["error"]
    assert await second.ended() == 5
    assert await second.errors() == ""
    (small_disk / "ballast").unlink()
    third = await home.start()
    assert third.root_pem() == root
    await _comes_back(home, third, received)


async def test_a_first_start_that_runs_out_of_room(home: Home, small_disk: Path) -> None:
    """Wherever the first start of all ends for lack of room, the next one makes of what is there a whole CA."""
    home.ca = small_disk / "ca"
    for pages in PAGES:
        _remount(small_disk, f"size={pages * 4096}")
        starved = await home.start()
        assert starved.first["error"]
        assert "room" in starved.first["fix"] or "space" in starved.first["fix"]
        assert await starved.ended() == 5
        assert await starved.errors() == ""
    _remount(small_disk, "size=1m")
    running = await home.start()
    await _comes_back(home, running, [])


async def test_a_start_on_a_read_only_file_system(home: Home, small_disk: Path) -> None:
    """A CA that must not write does not sign: it says what is wrong and changes nothing."""
    home.ca = small_disk / "ca"
    first = await home.start()
    first.process.terminate()
    await first.ended()
    before = {path.name: path.read_bytes() for path in home.ca.iterdir()}
    _remount(small_disk, "ro")
    second = await home.start()
    assert "ledger.db" in second.first["error"]
    assert "read" in second.first["error"]
    assert await second.ended() == 5
    assert await second.errors() == ""
    assert before == {path.name: path.read_bytes() for path in home.ca.iterdir()}


async def test_the_servers_certificate_outlives_a_disk_that_fails(tmp_path: Path) -> None:
    """A renewal that cannot be recorded leaves the certificate that is served in place, and is tried again."""
    ca = Served(tmp_path, now=datetime.now(UTC))
    server = CaServer(ca.authority, ca.clock, renewal_interval=0.02)
    ca.port = await server.start(0, ca.socket)
    first, _ = await ca.handshake()
    ca.ledger._connection.execute("PRAGMA busy_timeout = 0")
    with closing(sqlite3.connect(tmp_path / "ledger.db", isolation_level=None)) as blocker:
        blocker.execute("BEGIN IMMEDIATE")
        ca.now += timedelta(hours=12)
        for _ in range(5):
            await asyncio.sleep(0.02)
            assert (await ca.handshake())[0] == first
    async with asyncio.timeout(10):
        while (await ca.handshake())[0] == first:
            pass
    await server.stop()


def _fill(descriptor: int) -> None:
    for size in (65536, 512):
        try:
            while True:
                os.write(descriptor, bytes(size))
        except OSError:
            continue
