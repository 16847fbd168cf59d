"""The part `console`: on a pseudo-terminal of 140×40, over a mesh of 100, 10,000 and 100,000 rows in another process.

`python -m tests.bench.console STATE ROWS` is that process: a fake mesh behind the operator socket of a state directory.
At SIGUSR1 its rows begin to change, a thousand a second, and at the next one they stop.
"""

from __future__ import annotations

import asyncio
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from meshtui.backends.remote import RemoteMesh
from meshtui.control.server import OperatorServer
from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.rows import Query, Sort
from meshtui.settings import StatePaths, private_directory
from tests.bench.table import Row, percentile
from tests.terminal import Terminal, cpu_seconds, rss_megabytes

MESHTUI = str(Path(sys.executable).with_name("meshtui"))
SIZES = (100, 10_000, 100_000)
STARTS = 3
DOWN, PAGE_DOWN, HOME, ESCAPE = "\x1b[B", "\x1b[6~", "g", "\x1b"
IDENTITIES = "1"
"""Where the list is; the console begins with the overview."""
FILTERS = ("pay", "ledger !prod", "ns:pay*", "left<6h", "state:over")
SORTS = "SPTKINRL"
"""The keys of all orders, no two after each other with their sign at the same column: nothing might be different."""
BOUNDS = {
    "first page of rows after the start": (0.45, 0.5, 0.6),
    "cursor down, key to last byte, p95": (0.020, 0.020, 0.025),
    "page down, p95": (0.040, 0.040, 0.040),
    "filter keystroke, p95": (0.030, 0.040, 0.120),
    "sort, the longest of all orders": (0.030, 0.060, 0.150),
}
MEMORY = (80, 90, 120)
_CHANGES = 50
"""Of a turn, twenty turns a second."""
_TARGET = re.compile(r"workload/[\w-]+/[\w-]+")
_IDENTITY = re.compile(r"spiffe://\S+")
_SECONDS = re.compile(r" (?:1m\d\ds|\d?\ds) ")
"""What is left to a row in its last two minutes, which changes every second."""


def measure() -> list[Row]:
    """What the machine allows, and all figures for each size."""
    rows: list[Row] = [("to load the toolkit alone, of which every start is a part", f"{_toolkit():.2f} s", "–")]
    for place, size in enumerate(SIZES):
        with tempfile.TemporaryDirectory(prefix="meshtui-console-") as folder, _owner(Path(folder), size) as owner:
            rows += [(f"{size:,} rows: {name}", reached, bound) for name, reached, bound in _all(folder, place, owner)]
    return rows


def _all(state: str, place: int, owner: int) -> Iterator[Row]:
    command = [MESHTUI, "--state", state]

    def timed(name: str, seconds: float) -> Row:
        return name, f"{seconds * 1000:.0f} ms", f"{BOUNDS[name][place] * 1000:.0f} ms"

    paints = []
    for _ in range(STARTS):
        terminal = Terminal(command)
        paints.append(_until_row(terminal))
        terminal.close()
    yield timed("first page of rows after the start", sorted(paints)[STARTS // 2])
    terminal = Terminal(command)
    try:
        _until_row(terminal)
        _settle(terminal)
        terminal.answer(IDENTITIES)
        moves = [terminal.answer(DOWN) for _ in range(25)]
        yield "bytes of a cursor move", f"{_mean(moves):,.0f}", "700"
        moves += [terminal.answer(DOWN) for _ in range(35)]
        yield timed("cursor down, key to last byte, p95", _p95(moves))
        pages = [terminal.answer(PAGE_DOWN) for _ in range(30 if SIZES[place] > 1000 else 2)]
        yield timed("page down, p95", _p95(pages))
        yield "bytes of a page", f"{_mean(pages):,.0f}", "12,000"
        terminal.answer(HOME)
        yield timed("filter keystroke, p95", _p95(list(_typed(terminal))))
        yield from _sorted(terminal, timed)
        _settle(terminal)
        size, cpu = terminal.idle(10)
        last = len(_SECONDS.findall(terminal.text))
        yield f"idle, bytes a second, {last} rows in their last two minutes", f"{size:,.0f}", f"{200 + 120 * last:,}"
        yield "idle, processor", f"{cpu:.1f} %", "1 %"
        yield "resident memory of the console", f"{rss_megabytes(terminal.pid):.0f} MB", f"{MEMORY[place]} MB"
        yield from _changing(terminal, owner)
    finally:
        terminal.close()
    yield "held down on a slow link, bytes a second", f"{_held(state):,.0f}", "30,000"
    yield from asyncio.run(_asked(Path(state), place))


async def _asked(state: Path, place: int) -> list[Row]:
    """What the owner of the rows needs of that, over its socket."""
    mesh = await RemoteMesh.connect(StatePaths(state).operator_socket, "command")

    async def timed(what: Awaitable[object]) -> float:
        begun = time.perf_counter()
        await what
        return (time.perf_counter() - begun) * 1000

    typed = [text[:end] for text in FILTERS for end in range(1, len(text) + 1)]
    filtered = sorted([await timed(mesh.rows(Query(filter=text, limit=50))) for text in typed])
    ordered = [await timed(mesh.rows(Query(sort=sort, descending=True, limit=50))) for sort in Sort]
    deep = sorted([await timed(mesh.rows(Query(offset=SIZES[place] * n // 20, limit=50))) for n in range(20)])
    seen = await timed(mesh.overview())
    await mesh.close()
    return [
        ("the owner's part of a filter keystroke, p95", f"{percentile(filtered, 0.95):.0f} ms", "–"),
        ("the owner's part of a sort, at most", f"{max(ordered):.0f} ms", "–"),
        ("the owner's part of a page anywhere, p95", f"{percentile(deep, 0.95):.1f} ms", "–"),
        ("the owner's overview", f"{seen:.0f} ms", "100 ms"),
    ]


def _toolkit() -> float:
    """Seconds from the start of Python until Textual is loaded: 0.2 on the machine that the bounds are from."""
    begun = time.perf_counter()
    for _ in range(STARTS):
        subprocess.run([sys.executable, "-c", "import textual.app"], check=True)
    return (time.perf_counter() - begun) / STARTS


def _typed(terminal: Terminal) -> Iterator[tuple[float, int]]:
    for text in FILTERS:
        terminal.answer("/")
        yield from [terminal.answer(letter) for letter in text]
        terminal.answer(ESCAPE)


def _sorted(terminal: Terminal, timed: Callable[[str, float], Row]) -> Iterator[Row]:
    """The longest of all orders; the one that the list begins with comes last."""
    _settle(terminal)
    yield timed("sort, the longest of all orders", max(terminal.answer(key)[0] for key in SORTS))


def _changing(terminal: Terminal, owner: int) -> Iterator[Row]:
    for _ in range(7):
        terminal.answer(DOWN)
    before = _selected(terminal)
    os.kill(owner, signal.SIGUSR1)
    terminal.idle(2)
    spent = cpu_seconds(owner)
    size, cpu = terminal.idle(8)
    spent = cpu_seconds(owner) - spent
    os.kill(owner, signal.SIGUSR1)
    _settle(terminal)
    yield "1,000 changes a second, bytes a second", f"{size:,.0f}", "20,000"
    yield "1,000 changes a second, processor of the console", f"{cpu:.0f} %", "30 %"
    yield "1,000 changes a second, processor of the owner", f"{spent / 8:.0%}", "–"
    yield "the cursor stays on its identity", "yes" if before and _selected(terminal) == before else "no", "yes"


def _held(state: str) -> float:
    """Down pressed thirty times a second, for which the console is told that it is far away."""
    terminal = Terminal(["/usr/bin/env", "SSH_CONNECTION=192.0.2.1 1 192.0.2.2 22", MESHTUI, "--state", state])
    try:
        _until_row(terminal)
        _settle(terminal)
        terminal.answer(IDENTITIES)
        before, begun = terminal.bytes, time.perf_counter()
        for number in range(150):
            terminal.press(DOWN)
            while (left := begun + (number + 1) / 30 - time.perf_counter()) > 0:
                terminal.read(left)
        return (terminal.bytes - before) / (time.perf_counter() - begun)
    finally:
        terminal.close()


def _until_row(terminal: Terminal) -> float:
    """Seconds from the start to the first page of rows."""
    while _TARGET.search(terminal.text) is None:
        terminal.read(0.02)
        if terminal.seconds > 120:
            raise TimeoutError(terminal.text)
    return terminal.seconds


def _settle(terminal: Terminal) -> None:
    """Read on until half a second brings nothing, at most for a minute."""
    until = terminal.seconds + 60
    while terminal.read(0.5) and terminal.seconds < until:
        pass


def _selected(terminal: Terminal) -> str:
    """The identity of the row under the cursor, which stands below the list."""
    found = _IDENTITY.search(terminal.text)
    return found[0] if found else ""


def _p95(answers: Sequence[tuple[float, int]]) -> float:
    return percentile(sorted(seconds for seconds, _ in answers), 0.95)


def _mean(answers: Sequence[tuple[float, int]]) -> float:
    return sum(size for _, size in answers) / len(answers)


@contextmanager
def _owner(state: Path, size: int) -> Iterator[int]:
    private_directory(state)
    command = [sys.executable, "-m", "tests.bench.console", str(state), str(size)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.readline()
    try:
        yield process.pid
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


async def _serve(state: Path, size: int) -> None:
    rows = fleet_rows(size, datetime.now(UTC))
    mesh, changing = FakeMesh(rows), asyncio.Event()
    server = OperatorServer(StatePaths(state).operator_socket, lambda _user, _read_only: mesh, lambda _: None)
    await server.start()
    asyncio.get_running_loop().add_signal_handler(
        signal.SIGUSR1, lambda: changing.clear() if changing.is_set() else changing.set()
    )
    print("ready", flush=True)
    chance = random.Random(7)
    while True:
        await changing.wait()
        begun = time.monotonic()
        for row in chance.sample(rows, min(_CHANGES, size)):
            left = timedelta(seconds=chance.randrange(600, 86_400))
            mesh.put(replace(row, not_after=datetime.now(UTC) + left))
        await asyncio.sleep(max(0.05 - (time.monotonic() - begun), 0))


if __name__ == "__main__":
    asyncio.run(_serve(Path(sys.argv[1]), int(sys.argv[2])))
