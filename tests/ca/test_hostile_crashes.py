"""Items 38 and 48 of the checklist: a CA that dies at each step of its work, and two that want the same directory."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from pathlib import Path

import grpc
import grpc.aio
import pytest
from cryptography import x509

from meshtui.ca.ledger import Ledger, LedgerReader, SerialTakenError
from meshtui.ca.records import LedgerEntry, State
from meshtui.ca.verify_ledger import verify_ledger
from meshtui.identity.facts import serial_text
from tests.ca.faulty import FAULTS
from tests.ca.test_ledger import INTENT
from tests.ca.test_main import Home, Running

CALLERS = 12


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    found = Home(tmp_path)
    yield found
    await found.stop()


def _faulty(fault: str) -> Sequence[str]:
    assert fault in FAULTS
    return (sys.executable, "-m", "tests.ca.faulty", fault)


def _serial(pem: str) -> str:
    return serial_text(x509.load_pem_x509_certificate(pem.encode()).serial_number)


def _of_workloads(home: Home) -> list[LedgerEntry]:
    return LedgerReader(home.ca / "ledger.db").entries(pod_uid="uid-1", limit=1000)


async def _issue(home: Home, running: Running, callers: int) -> list[str]:
    """The leaves that were received; callers whose CA dies get nothing."""
    async with home.channel(running) as channel:
        outcomes = await asyncio.gather(*(home.issue(channel) for _ in range(callers)), return_exceptions=True)
    for outcome in outcomes:
        if isinstance(outcome, BaseException):
            assert isinstance(outcome, grpc.aio.AioRpcError)
            assert outcome.code() is grpc.StatusCode.UNAVAILABLE
    return [outcome[0] for outcome in outcomes if not isinstance(outcome, BaseException)]


@pytest.mark.parametrize(
    ("fault", "must", "may"),
    [
        ("intent_not_stored", set(), set()),
        ("intent_stored", {State.FAILED}, set()),
        ("signed", {State.FAILED}, set()),
        ("certificate_stored", {State.ISSUED}, {State.FAILED}),
    ],
)
async def test_a_crash_at_each_step_leaves_nothing_unknown(
    home: Home, fault: str, must: set[State], may: set[State]
) -> None:
    """Item 38: killed at any step, nobody has a certificate that the next start does not know, and no serial is free.

    Each intent that was stored is there: as a failure where its certificate was not, else as a whole row.
    """
    healthy = await home.start()
    received = await _issue(home, healthy, CALLERS)
    assert len(received) == CALLERS
    healthy.process.terminate()
    await healthy.ended()

    dying = await home.start(program=_faulty(fault))
    assert await _issue(home, dying, CALLERS) == []
    assert await dying.ended() == -9

    again = await home.start()
    received += await _issue(home, again, CALLERS)
    entries = _of_workloads(home)
    had = {_serial(pem) for pem in received}
    lost = [entry for entry in entries if entry.serial not in had]
    assert must <= {entry.state for entry in lost} <= must | may
    for entry in lost:
        expected = ("", True) if entry.state is State.ISSUED else ("interrupted", False)
        assert expected == (entry.reason, bool(entry.pem))
    assert set(received) <= {entry.pem for entry in entries if entry.state is State.ISSUED}
    assert len({entry.serial for entry in entries}) == len(entries)
    assert verify_ledger(home.ca / "ledger.db", again.root_pem()).problems == ()
    again.process.terminate()
    await again.ended()

    ledger = Ledger.open(home.ca / "ledger.db")
    for entry in entries:
        with pytest.raises(SerialTakenError):
            ledger.intend(replace(INTENT, serial=entry.serial))
    ledger.close()


async def test_a_second_ca_is_refused(home: Home) -> None:
    """Item 48: a CA on a directory in use ends with one line, has changed nothing, and the first one goes on."""
    first = await home.start()
    assert len(await _issue(home, first, 1)) == 1
    before = _files(home)
    second = await home.start(program=_faulty("impatient"))
    assert f"Another CA works in {home.ca}" in second.first["error"]
    assert "Stop it" in second.first["fix"]
    assert await second.ended() == 5
    assert await second.errors() == ""
    assert _files(home) == before
    assert len(await _issue(home, first, CALLERS)) == CALLERS
    assert verify_ledger(home.ca / "ledger.db", first.root_pem()).problems == ()


async def test_a_second_path_to_a_directory_is_no_way_round(home: Home) -> None:
    """Item 48: however the directory is called, it is the same one; by a symbolic link it is not taken at all."""
    await home.start()
    before = _files(home)
    real = home.ca
    (home.directory / "link").symlink_to(real)
    for path, says in ((real / ".." / "ca", "Another CA works in"), (home.directory / "link", "is a symbolic link")):
        home.ca = path
        second = await home.start(program=_faulty("impatient"))
        assert says in second.first["error"]
        assert await second.ended() == 5
    home.ca = real
    assert _files(home) == before


async def test_of_several_at_once_one_starts(home: Home) -> None:
    """Item 48: even the first start of all has one winner, whose root is the only one."""
    started = await asyncio.gather(*(home.start(program=_faulty("impatient")) for _ in range(4)))
    ready = [running for running in started if running.first.get("ready")]
    assert len(ready) == 1
    for running in started:
        if running not in ready:
            assert "Another CA works in" in running.first["error"]
            assert await running.ended() == 5
    assert len(await _issue(home, ready[0], 1)) == 1
    assert [path.name for path in home.ca.glob("*root*")].count("root-cert.pem") == 1


def _files(home: Home) -> dict[str, bytes]:
    # the index of the write-ahead log is shared memory, which readers may touch
    return {path.name: path.read_bytes() for path in home.ca.iterdir() if not path.name.endswith("-shm")}
