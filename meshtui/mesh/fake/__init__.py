"""A mesh in memory that behaves by the letter of `mesh.interface`: for tests, pictures and learning the console.

It ships with the interface and passes the same contract tests as the real ones. Nothing moves in it by
itself: rows change when a plan is performed or a caller says so, and time is only what `now` answers.
"""

from __future__ import annotations

from meshtui.mesh.fake.demo import demo_rows
from meshtui.mesh.fake.fleet import fleet_rows
from meshtui.mesh.fake.mesh import FakeMesh

__all__ = ["FakeMesh", "demo_rows", "fleet_rows"]
