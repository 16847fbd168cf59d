"""Pictures of views, as SVG: the console runs without a terminal, shows what was asked for, and is drawn once.

A picture is always in 24-bit colours; what a terminal makes of them is tested in terminals.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, cast

from textual.pilot import Pilot

from meshtui.errors import UsageError
from meshtui.mesh.interface import Mesh
from meshtui.mesh.targets import has_target_form
from meshtui.tui.app import MeshtuiApp
from meshtui.tui.board import Link, Told
from meshtui.tui.places import Place
from meshtui.tui.screens.list import ListScreen
from meshtui.tui.svg import portable
from meshtui.tui.themes import DARK, THEMES

PATIENCE = 15.0
"""Seconds that a view may take to have what it shows."""

KEYS = {"help": ("question_mark",), "matrix": (Place.POLICIES.digit, "m")}
"""Views that are no places, and the keys that lead there."""

_READING = ("detail", "verify", "fetch", "row")
"""Groups of workers that fetch what a view shows."""

VERBS = {"rotate": "r", "issue": "i", "undo": "u", "verify": "v"}
"""Views of a row that are called by a verb, and the key that leads there."""


async def take(
    mesh: Mesh,
    view: str,
    size: tuple[int, int],
    theme: str = DARK,
    *,
    now: Callable[[], datetime] = lambda: datetime.now(UTC),
) -> str:
    """A picture of `view` in a terminal of `size` columns and lines, as the text of an SVG file.

    A view is `overview`, `identities` or another place of the console, `matrix` or `help`;
    a target, for its detail; or a verb and a target: `verify gateway/istio-system/shop`, and `rotate`, `issue` and
    `undo` for their plans. The mesh is
    read, and stays open. Raises UsageError for a view, target or theme that does not exist, or that is never ready.
    """
    verb, _, target = view.rpartition(" ")
    if theme not in {known.name for known in THEMES}:
        names = ", ".join(known.name for known in THEMES)
        raise UsageError(f"There is no theme {theme!r}.", fix=f"Use one of {names}.")
    if not (target in (*Place, *KEYS) and not verb) and not (has_target_form(target) and verb in ("", *VERBS)):
        raise UsageError(
            f"There is no view {view!r}.",
            fix=f"Use one of {', '.join((*Place, *KEYS))}, a target, or one of {', '.join(VERBS)} and a target.",
        )

    async def lend() -> Mesh:
        return cast(Mesh, _Lent(mesh))

    app = MeshtuiApp(lend, now=now, theme=theme, place=Place(target) if target in tuple(Place) else Place.IDENTITIES)
    async with app.run_test(size=size) as pilot:
        await _until(pilot, lambda: app.board.complete or app.board.link is Link.CLOSED)
        if app.board.error is not None:
            raise app.board.error
        if target in KEYS:
            await pilot.press(*KEYS[target])
        elif target not in tuple(Place):
            await _open(pilot, app, verb, (await mesh.detail(target)).row.target)
        await _until(pilot, lambda: not any(worker.group in _READING for worker in app.workers))
        await pilot.pause()
        return portable(app.export_screenshot(title=f"meshtui {view}"))


async def _open(pilot: Pilot[None], app: MeshtuiApp, verb: str, target: str) -> None:
    """Go to the row of a target and press the key."""
    screen = app.screen
    assert isinstance(screen, ListScreen)  # the first screen of the console
    screen.select(target)
    await pilot.press(VERBS.get(verb, "enter"))
    await _until(pilot, lambda: app.screen is not screen or _refusal(app) is not None)
    if (told := _refusal(app)) is not None:
        raise UsageError(f"There is no {verb} of {target} to show: {told.text}")


def _refusal(app: MeshtuiApp) -> Told | None:
    said = app.board.said
    return said if isinstance(said, Told) and said.wrong else None


async def _until(pilot: Pilot[None], is_ready: Callable[[], bool]) -> None:
    try:
        async with asyncio.timeout(PATIENCE):
            while not is_ready():
                await pilot.pause(0.01)
    except TimeoutError:
        raise UsageError(f"The view was not ready within {PATIENCE:g}s.") from None


class _Lent:
    """A mesh that someone else closes."""

    def __init__(self, mesh: Mesh) -> None:
        self._mesh = mesh

    def __getattr__(self, name: str) -> Any:
        return getattr(self._mesh, name)

    async def close(self) -> None:
        """Give it back."""
