"""A mesh of real Envoys, once for all tests of a module."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from tests.xds.live import LiveMesh


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def mesh(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[LiveMesh]:
    """The demo mesh, when all its proxies are ready."""
    live = LiveMesh(tmp_path_factory.mktemp("m"))
    try:
        await live.start()
        yield live
    finally:
        await live.stop()
