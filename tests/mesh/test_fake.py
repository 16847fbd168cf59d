"""The fake keeps the promises of every mesh."""

from __future__ import annotations

import pytest

from meshtui.mesh.fake import FakeMesh
from meshtui.mesh.interface import Mesh
from tests.mesh.contract import MeshContract


class TestFakeMesh(MeshContract):
    """All of the contract."""

    @pytest.fixture
    def mesh(self) -> Mesh:
        """The demo mesh in memory."""
        return FakeMesh()
