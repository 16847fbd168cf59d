"""The console over a fake mesh, as tests of screens use it: pressed by keys, read as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from textual.events import Key, Paste
from textual.keys import _character_to_key
from textual.pilot import Pilot

from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.interface import Mesh
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.places import Place
from meshtui.tui.themes import DARK
from meshtui.tui.widgets.row_list import RowList

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
CHARACTERS = {"slash": "/", "question_mark": "?", "space": " "}
"""Of keys that have names, and are text."""

DEADLINE = timedelta(seconds=10)


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


class Console:
    """An app that runs without a terminal, its keys, and what it shows."""

    def __init__(self, app: MeshtuiApp, pilot: Pilot[None]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def lines(self) -> list[str]:
        """What a terminal would show."""
        stack = self.app._background_screens
        update: Any = self.app.screen._compositor.render_update(full=True, screen_stack=stack)
        return ["".join(strip.text for strip in strips) for strips in update.strips]

    @property
    def grounds(self) -> set[str]:
        """The colours behind all that a terminal would show, as `#rrggbb`."""
        stack = self.app._background_screens
        update: Any = self.app.screen._compositor.render_update(full=True, screen_stack=stack)
        styles = [segment.style for strips in update.strips for strip in strips for segment in strip]
        colours = [style.bgcolor for style in styles if style is not None and style.bgcolor is not None]
        return {colour.get_truecolor().hex for colour in colours}

    @property
    def text(self) -> str:
        """The same as one text."""
        return "\n".join(line.rstrip() for line in self.lines)

    @property
    def cursor(self) -> str:
        """The target under the cursor of the list."""
        row = self.app.screen_stack[0].query_one(RowList).selected
        return row.target if row is not None else ""

    def line(self, part: str) -> str:
        """The line that shows `part`; fails when none does."""
        found = [line for line in self.lines if part in line]
        assert found, f"{part!r} is not shown:\n{self.text}"
        return found[0]

    async def press(self, *keys: str) -> None:
        """Press keys, and let each have its effect. (Textual's pilot waits for the processor to idle, far longer.)"""
        for key in keys:
            self._send(key)
            await self.settle()

    async def burst(self, *keys: str) -> None:
        """Press keys faster than anyone types: none waits for the one before it."""
        for key in keys:
            self._send(key)
        await self.settle()

    def _send(self, key: str) -> None:
        driver = self.app._driver
        assert driver is not None
        character = CHARACTERS.get(key, key if len(key) == 1 else None)
        driver.send_message(Key(_character_to_key(key) if len(key) == 1 else key, character))

    async def settle(self) -> None:
        """Let every widget handle what it was sent, and what follows from that."""
        for _ in range(4):
            await self.pilot.pause(0)

    async def paste(self, text: str) -> None:
        """Paste text, which is quicker than typing it."""
        self.app.screen.post_message(Paste(text))
        await self.settle()

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait for something to become true; fails with what is shown when it does not."""
        deadline = datetime.now(UTC) + DEADLINE
        while not is_so():
            assert datetime.now(UTC) < deadline, f"it never came:\n{self.text}"
            await self.pilot.pause(0.005)

    async def until_shown(self, part: str) -> None:
        """Wait for words."""
        await self.until(lambda: part in self.text)

    async def until_complete(self) -> None:
        """Wait for the rows of the mesh."""
        await self.until(lambda: self.app.board.complete)
        await self.settle()


def app_over(
    mesh: Mesh | None = None,
    *,
    clock: Callable[[], datetime] | None = None,
    open_mesh: Callable[[], Awaitable[Mesh]] | None = None,
    **options: Any,
) -> MeshtuiApp:
    """The console over `mesh` or what `open_mesh` yields, which begins with the identities unless told otherwise."""
    clock = clock or Clock()
    served = mesh or FakeMesh(now=clock)

    async def lend() -> Mesh:
        return served

    options = {"theme": DARK, "backoff": (0.01,), "place": Place.IDENTITIES} | options
    return MeshtuiApp(open_mesh or lend, now=clock, **options)


@asynccontextmanager
async def console(
    mesh: Mesh | None = None, size: tuple[int, int] = (140, 40), *, wait: bool = True, **options: Any
) -> AsyncIterator[Console]:
    """Run the console over `mesh` with the `options` of `app_over`; wait until its rows are there."""
    app = app_over(mesh, **options)
    async with app.run_test(size=size) as pilot:
        shown = Console(app, pilot)
        if wait:
            await shown.until_complete()
        yield shown
