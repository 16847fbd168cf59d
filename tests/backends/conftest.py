"""A whole embedded mesh in this process, once for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.backends.embedded.owner import clock
from meshtui.backends.embedded.performing import Performer
from meshtui.backends.embedded.plans import PlanBook
from meshtui.backends.embedded.state_directory import claim
from meshtui.settings import Settings, StatePaths


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def core(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[MeshCore]:
    """The demo mesh on free ports, when everything serves."""
    paths = StatePaths(tmp_path_factory.mktemp("mesh") / "state")
    held = claim(paths, group_may_enter=False)
    core = MeshCore(Settings(state=paths.state, ca_port=0, gateway_port=0), paths, clock)
    try:
        await core.start()
        await core.settle()
        yield core
    finally:
        await core.stop()
        held.release()


@pytest.fixture(scope="module")
def opened(core: MeshCore) -> EmbeddedMesh:
    """The mesh as somebody sees it."""
    plans = PlanBook(clock)
    return EmbeddedMesh(core, plans, Performer(core, plans), "somebody")


@pytest.fixture
def short_tmp(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory whose path leaves room for a socket."""
    return tmp_path_factory.mktemp("s")
