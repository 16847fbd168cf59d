"""The embedded mesh, and the same over its operator socket, keep the promises of every mesh."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.backends.remote import RemoteMesh
from meshtui.control.server import OperatorServer
from meshtui.mesh.interface import Mesh
from tests.mesh.contract import MeshContract

pytestmark = pytest.mark.asyncio(loop_scope="module")


class TestEmbeddedMesh(MeshContract):
    """All of the contract, in the process that runs the mesh."""

    @pytest.fixture
    def mesh(self, opened: EmbeddedMesh) -> Mesh:
        """Real CA, agents and Envoys."""
        return opened


class TestRemoteMesh(MeshContract):
    """All of the contract, through the operator socket."""

    @pytest_asyncio.fixture(loop_scope="module")
    async def mesh(self, opened: EmbeddedMesh, short_tmp: Path) -> AsyncIterator[Mesh]:
        """A connection of a test's own."""
        path = short_tmp / "operator.sock"
        server = OperatorServer(path, lambda _user, _read_only: opened, lambda _: None)
        await server.start()
        mesh = await RemoteMesh.connect(path, "command")
        yield mesh
        await mesh.close()
        await server.stop()
