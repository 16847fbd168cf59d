"""The process that owns a mesh: claims its directory, runs it, serves the operator socket, and ends in order."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import signal
from collections.abc import Callable
from datetime import UTC, datetime

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.backends.embedded.mesh_info import info
from meshtui.backends.embedded.performing import Performer
from meshtui.backends.embedded.plans import PlanBook
from meshtui.backends.embedded.state_directory import claim
from meshtui.control.server import OperatorServer
from meshtui.errors import MeshError
from meshtui.mesh.snapshot import MeshInfo
from meshtui.settings import Settings, StatePaths

FIRST_TERMINAL = 60.0
"""Seconds for which a mesh that was started for a terminal waits for one."""


def clock() -> datetime:
    """Now, aware and in UTC."""
    return datetime.now(UTC)


async def serve(settings: Settings, on_attachable: Callable[[], None], on_ready: Callable[[MeshInfo], None]) -> None:
    """Run the mesh until SIGTERM, SIGINT or SIGHUP.

    `on_attachable` is called when the operator socket is there, `on_ready` when everything serves.

    Raises MeshError when it cannot start. A mesh started with `until_detached` also ends when its last terminal left.
    """
    paths = StatePaths(settings.state)
    os.umask(0o077)  # whatever is written from here on may hold a key
    held = claim(paths, group_may_enter=bool(settings.operator_group))
    try:
        ended = asyncio.Event()
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            asyncio.get_running_loop().add_signal_handler(number, ended.set)
        await _run(settings, paths, ended, on_attachable, on_ready)
    finally:
        shutil.rmtree(paths.sockets, ignore_errors=True)
        held.release()


async def _run(
    settings: Settings,
    paths: StatePaths,
    ended: asyncio.Event,
    on_attachable: Callable[[], None],
    on_ready: Callable[[MeshInfo], None],
) -> None:
    core = MeshCore(settings, paths, clock)
    plans = PlanBook(clock)
    performer = Performer(core, plans)
    terminals = _Terminals(ended) if settings.until_detached else None
    server = OperatorServer(
        paths.operator_socket,
        lambda user, read_only: EmbeddedMesh(core, plans, performer, user, read_only=read_only),
        terminals.count if terminals is not None else lambda _: None,
    )

    async def start() -> None:
        await core.start()
        await server.start(settings.operator_group)
        on_attachable()
        if terminals is not None:
            terminals.expect_one()
        await core.settle()
        on_ready(info(core, read_only=settings.read_only))

    starting = asyncio.create_task(start())
    leaving = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait({starting, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            await starting
            await leaving
    finally:
        for task in (starting, leaving):
            task.cancel()
        with contextlib.suppress(asyncio.CancelledError, MeshError):
            await starting  # what it was about to start is then known to `core`
        await server.stop()
        await performer.finish()
        await core.stop()


class _Terminals:
    """Ends a mesh that was started for terminals when none is left."""

    def __init__(self, ended: asyncio.Event) -> None:
        self._ended = ended
        self._attached = 0

    def count(self, attached: int) -> None:
        """So many are attached now."""
        if self._attached and not attached:
            self._ended.set()
        self._attached = attached

    def expect_one(self) -> None:
        """One should come soon, or the mesh was started for nobody."""
        asyncio.get_running_loop().call_later(FIRST_TERMINAL, self._give_up)

    def _give_up(self) -> None:
        if not self._attached:
            self._ended.set()
