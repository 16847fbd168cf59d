"""The owner hears of what the CA does, and can never make it wait."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from meshtui.ca.announce import WAITING, Announcer
from meshtui.errors import StateError

DEADLINE = 10.0


async def test_lines_arrive_in_order() -> None:
    """What was said before the end is there when it has ended."""
    reading, writing = os.pipe()
    announcer = await Announcer.open(writing)
    for number in range(100):
        announcer.say(b"%d\n" % number)
    await announcer.close()
    with os.fdopen(reading, "rb") as told:
        assert [b"%d\n" % number for number in range(100)] == told.readlines()


async def test_an_owner_that_does_not_read_loses_lines() -> None:
    """Lines wait up to a bound and are dropped after it, without blocking; whole lines arrive, none of them torn."""
    reading, writing = os.pipe()
    announcer = await Announcer.open(writing)
    line = b"x" * 999 + b"\n"
    for _ in range(4 * WAITING // len(line)):
        announcer.say(line)
    with os.fdopen(reading, "rb") as owner:
        read = asyncio.create_task(asyncio.to_thread(owner.readlines))
        await announcer.close()
        async with asyncio.timeout(DEADLINE):
            told = await read
    assert {line} == set(told)
    assert WAITING <= len(told) * len(line) < 4 * WAITING


async def test_an_owner_that_is_gone_stops_nobody() -> None:
    """Lines to nobody are dropped, and so is the announcer."""
    reading, writing = os.pipe()
    announcer = await Announcer.open(writing)
    os.close(reading)
    for _ in range(10):
        announcer.say(b"line\n")
        await asyncio.sleep(0)
    async with asyncio.timeout(DEADLINE):
        await announcer.close()


async def test_a_file_is_not_written_to(tmp_path: Path) -> None:
    """A file in the place of the pipe is an error that says so."""
    with (tmp_path / "told").open("wb") as file, pytest.raises(StateError, match="is a file"):
        await Announcer.open(os.dup(file.fileno()))
