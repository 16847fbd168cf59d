"""Denied calls outlive the process that heard of them, within a bound, and cost no call any time."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterable
from datetime import timedelta
from pathlib import Path

import pytest
import pytest_asyncio

from meshtui.errors import StateError
from meshtui.mesh.traffic import Call
from meshtui.mesh.words import Words
from meshtui.telemetry import denials
from meshtui.telemetry import store as store_module
from meshtui.telemetry.store import OLDEST, DenialStore
from tests.telemetry.calling import HTTPBIN, NOW, SLEEP, denied

DEADLINE = 20.0
WRITER = """
import asyncio, sys
from pathlib import Path
from meshtui.mesh.words import Words
from meshtui.telemetry.store import DenialStore
from tests.telemetry.calling import NOW, denied

async def main():
    store = DenialStore(Path(sys.argv[1]), lambda: NOW)
    store.start()
    number = 0
    while True:
        for _ in range(50):
            store.add(denied(path=f"/{number}"))
            number += 1
        await store.read(Words.parse(""), limit=1)
        print(number, flush=True)

asyncio.run(main())
"""


@pytest_asyncio.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Callable[..., DenialStore]]:
    """Opens stores on one file; they are closed when the test ends."""
    stores: list[DenialStore] = []

    def make(most: int = 1000) -> DenialStore:
        stores.append(DenialStore(tmp_path / "telemetry.db", lambda: NOW, most))
        return stores[-1]

    yield make
    for each in stores:
        await each.stop()


async def paths(store: DenialStore, text: str = "", target: str = "", limit: int = 100) -> list[str]:
    return [call.path for call in await store.read(Words.parse(text), target=target, limit=limit)]


def later(seconds: float, path: str = "/get", **other: object) -> Call:
    return denied(at=NOW + timedelta(seconds=seconds), path=path, **other)


async def test_newest_comes_first_whether_written_or_waiting(opened: Callable[..., DenialStore]) -> None:
    """A call that was just added is there, in the order of its own time and not of its writing."""
    store = opened()
    for seconds in (1, 3, 2):
        store.add(later(seconds, f"/{seconds}"))
    assert await paths(store) == ["/3", "/2", "/1"]
    store.add(later(0, "/0"))
    store.add(later(4, "/4"))
    assert await paths(store, limit=2) == ["/4", "/3"]


async def test_whole_call_is_kept(opened: Callable[..., DenialStore]) -> None:
    """Every field comes back as it was, however odd its texts are."""
    store = opened()
    odd = denied(path="/\x1b[31m\u202e\0", host="'; DROP TABLE denials; --")
    store.add(odd)
    assert [odd] == await store.read(Words.parse("drop table"), limit=5)


async def test_filter_looks_at_all_of_a_call(opened: Callable[..., DenialStore]) -> None:
    """All words must occur, none with `!` may, whichever case; percent signs are no wildcards."""
    store = opened()
    store.add(later(1, "/one", policy="AuthorizationPolicy prod/first"))
    store.add(later(2, "/two", policy="AuthorizationPolicy prod/second", source="", source_target="", tls=""))
    assert await paths(store, "FIRST sleep") == ["/one"]
    assert await paths(store, "!first") == ["/two"]
    assert await paths(store, "plaintext") == ["/two"]
    assert await paths(store, "%") == []
    assert await paths(store, "first second") == []


async def test_what_words_cannot_say_is_asked_of_each_call(opened: Callable[..., DenialStore]) -> None:
    """The limit counts those that fit, written or waiting."""
    store = opened()
    for seconds in range(9):
        store.add(later(seconds, f"/{seconds}"))
    await store.read(Words.parse(""), limit=1)
    store.add(later(20, "/20"))
    found = await store.read(Words.parse("get"), fits=lambda call: int(call.path[1:]) % 4 == 0, limit=3)
    assert [each.path for each in found] == ["/20", "/8", "/4"]


async def test_target_is_either_end(opened: Callable[..., DenialStore]) -> None:
    """And a call between two others is about neither."""
    store = opened()
    store.add(later(1, "/to"))
    store.add(later(2, "/from", source_target=HTTPBIN, destination="workload/prod/other"))
    store.add(later(3, "/else", destination="workload/prod/other"))
    assert await paths(store, target=HTTPBIN) == ["/from", "/to"]
    assert await paths(store, target=SLEEP) == ["/else", "/to"]


async def test_time_is_a_bound(opened: Callable[..., DenialStore]) -> None:
    """Calls from then on, those of that moment included."""
    store = opened()
    for seconds in range(5):
        store.add(later(seconds, f"/{seconds}"))
    since = NOW + timedelta(seconds=3)
    assert [call.path for call in await store.read(Words.parse(""), since=since, limit=9)] == ["/4", "/3"]


async def test_rows_and_age_are_bounded(opened: Callable[..., DenialStore], monkeypatch: pytest.MonkeyPatch) -> None:
    """The newest stay."""
    monkeypatch.setattr(store_module, "_PRUNE_EVERY", 10)
    store = opened(most=20)
    store.add(denied(at=NOW - OLDEST - timedelta(seconds=1), path="/old"))
    for number in range(100):
        store.add(later(number, f"/{number}"))
        if number % 7 == 0:
            await store.read(Words.parse(""), limit=1)
    found = await paths(store, limit=1000)
    assert 20 <= len(found) < 40
    assert [f"/{number}" for number in range(99, 99 - len(found), -1)] == found


async def test_restart_keeps_what_was_denied(opened: Callable[..., DenialStore]) -> None:
    """Even what was added in the moment before."""
    store = opened()
    store.add(later(1, "/before"))
    await store.stop()
    again = opened()
    again.add(later(2, "/after"))
    assert await paths(again) == ["/after", "/before"]


async def test_kill_costs_nothing_that_was_written(tmp_path: Path, opened: Callable[..., DenialStore]) -> None:
    """Whatever was read back before the kill is there after it, and the file is whole."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", WRITER, str(tmp_path / "telemetry.db")), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    async with asyncio.timeout(DEADLINE):
        said = [int(await process.stdout.readline()) for _ in range(4)]
        process.send_signal(signal.SIGKILL)
        rest = await process.stdout.read()
        await process.wait()
    last = [*said, *map(int, rest.split())][-1]
    found = set(await paths(opened(), limit=100_000))
    assert {f"/{number}" for number in range(last - min(last, 1000), last)} <= found


class Full(sqlite3.Connection):
    """A disk without room, while it is said."""

    full = False

    def executemany(self, *arguments: object) -> sqlite3.Cursor:
        """Fails."""
        if Full.full:
            raise sqlite3.OperationalError("database or disk is full")
        return super().executemany(*arguments)  # type: ignore[arg-type]


async def test_full_disk_loses_nothing_within_a_bound(
    opened: Callable[..., DenialStore],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    tmp_path: Path,
) -> None:
    """What cannot be written waits and is shown all the same; it is said once; of too many the oldest are lost."""
    store = opened()
    monkeypatch.setattr(
        store,
        "_connection",
        sqlite3.connect(tmp_path / "telemetry.db", isolation_level=None, check_same_thread=False, factory=Full),
    )
    monkeypatch.setattr(store_module, "MOST_WAITING", 3)
    monkeypatch.setattr(Full, "full", True)
    for number in range(5):
        store.add(later(number, f"/{number}"))
        assert f"/{number}" == (await paths(store))[0]
    assert await paths(store) == ["/4", "/3", "/2"]
    assert (store.lost, len(caplog.records)) == (2, 1)
    monkeypatch.setattr(Full, "full", False)
    assert await paths(store) == ["/4", "/3", "/2"]
    store.add(later(9, "/9"))
    assert await paths(store) == ["/9", "/4", "/3", "/2"]


async def test_damaged_file_is_never_taken_for_an_empty_one(tmp_path: Path) -> None:
    """It is refused, with its name."""
    (tmp_path / "telemetry.db").write_bytes(b"not a database" * 100)
    with pytest.raises(StateError, match=r"telemetry\.db"):
        DenialStore(tmp_path / "telemetry.db", lambda: NOW)


async def test_writer_writes_by_itself(tmp_path: Path, opened: Callable[..., DenialStore]) -> None:
    """Nobody has to ask for it."""
    store = opened()
    store.start()
    store.add(later(1, "/kept"))

    def written() -> int:
        with contextlib.closing(sqlite3.connect(tmp_path / "telemetry.db")) as looking:
            return int(looking.execute("SELECT count(*) FROM denials").fetchone()[0])

    async with asyncio.timeout(DEADLINE):
        while not await asyncio.to_thread(written):
            pass


async def test_readers_and_callers_do_not_hinder_each_other(opened: Callable[..., DenialStore]) -> None:
    """While many read and add, every read shows each call once, and all that was added before it."""
    store = opened(most=100_000)
    store.start()
    added = 0

    async def read() -> None:
        before = added
        found = await paths(store, limit=100_000)
        assert len(found) == len(set(found))
        assert {f"/{number}" for number in range(before)} <= set(found)

    for _ in range(10):
        reading = [asyncio.create_task(read()) for _ in range(3)]
        for _ in range(100):
            store.add(later(added, f"/{added}"))
            added += 1
            if added % 10 == 0:
                await asyncio.sleep(0)
        await asyncio.gather(*reading)


async def test_nothing_ends_while_its_thread_is_writing(
    opened: Callable[..., DenialStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A reader that gives up, and the end itself, leave the connection to the thread that has it, or SQLite crashes."""
    begun, go_on, insert = threading.Event(), threading.Event(), denials.insert

    def slow(connection: sqlite3.Connection, calls: Iterable[Call]) -> None:
        begun.set()
        assert go_on.wait(DEADLINE)
        insert(connection, calls)

    monkeypatch.setattr(denials, "insert", slow)
    store = opened()
    store.start()
    store.add(denied(path="/first"))
    reading = asyncio.create_task(store.read(Words.parse(""), limit=1))
    assert await asyncio.to_thread(begun.wait, DEADLINE)
    reading.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await reading
    store.add(denied(path="/second"))
    stopping = asyncio.create_task(store.stop())
    done, _ = await asyncio.wait([stopping], timeout=0.1)
    assert not done
    go_on.set()
    await asyncio.wait_for(stopping, DEADLINE)
    again = opened()
    assert [call.path for call in await again.read(Words.parse(""), limit=5)] == ["/second", "/first"]
