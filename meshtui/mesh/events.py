"""What a mesh tells those who watch it. Each event carries its state whole, so that a newer one replaces an older."""

from __future__ import annotations

import msgspec

from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import MeshInfo


class RowChanged(msgspec.Struct, frozen=True, kw_only=True, tag="row"):
    """A row appeared or is different now."""

    row: Row


class RowGone(msgspec.Struct, frozen=True, kw_only=True, tag="gone"):
    """A target no longer exists."""

    target: str


class InfoChanged(msgspec.Struct, frozen=True, kw_only=True, tag="info"):
    """The mesh itself changed: a proxy died, the CA stopped answering, a port moved."""

    info: MeshInfo


class ActivityChanged(msgspec.Struct, frozen=True, kw_only=True, tag="activity"):
    """Policies, traffic or the audit time line are different now: those who show them ask again.

    At most four in a second.
    """

    revision: int
    """Grows with each."""


MeshEvent = RowChanged | RowGone | InfoChanged | ActivityChanged
