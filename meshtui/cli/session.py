"""Runs what a command does against the mesh that runs in the state directory."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

from meshtui.cli.options import Common
from meshtui.connect import attach
from meshtui.mesh.interface import Mesh

T = TypeVar("T")


def with_mesh(common: Common, work: Callable[[Mesh], Awaitable[T]]) -> T:
    """Attach, work, let go. Raises UnreachableError when no mesh runs."""

    async def session() -> T:
        mesh = await attach(common.directory, read_only=common.only_looks)
        try:
            return await work(mesh)
        finally:
            await mesh.close()

    return asyncio.run(session())
