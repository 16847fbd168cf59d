"""What a mesh is to its front ends: the only thing that command line and console know of a backend.

Implemented by `mesh.fake` (for tests and pictures), `backends.embedded`, `backends.remote` and
`backends.kubernetes`; all pass the same contract tests (`tests/mesh/contract.py`).
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any, Protocol

from meshtui.findings import Findings, Verification
from meshtui.mesh.access import AccessQuestion, Explanation, Matrix, PolicyRow
from meshtui.mesh.actions import Action, Plan, Progress
from meshtui.mesh.caller import ANYBODY, Caller
from meshtui.mesh.events import MeshEvent
from meshtui.mesh.overview import Overview
from meshtui.mesh.rows import Detail, HistoryEntry, Page, Query
from meshtui.mesh.snapshot import MeshInfo, Snapshot
from meshtui.mesh.traffic import AuditQuery, Traffic, TrafficQuery


class Mesh(Protocol):
    """Every method may raise UnreachableError when the mesh does not answer."""

    async def info(self) -> MeshInfo:
        """What runs, where, and which verbs work."""

    async def snapshot(self) -> Snapshot:
        """Everything at once. Large; screens use `rows` and `detail`."""

    async def overview(self) -> Overview:
        """How everything stands, in few values; it may be some seconds old, and says so."""

    async def findings(self) -> Findings:
        """All that is wrong, worst first; where very much is, with what expires soonest."""

    async def rows(self, query: Query) -> Page:
        """One sorted, filtered page."""

    async def detail(self, target: str) -> Detail:
        """Everything about one target (or SPIFFE ID). Raises UsageError when there is no such target."""

    def watch(self) -> AsyncIterator[MeshEvent]:
        """Changes from the moment of the first `__anext__`, for as long as it is iterated."""

    async def plan(self, action: Action) -> Plan:
        """What the action would do; also for who may only look. Raises UsageError (no such target, bad documents) or
        RefusedError.
        """

    def perform(self, plan_id: str) -> AsyncIterator[Progress]:
        """Do it, once. Raises RefusedError when the plan lapsed, was used, or no longer fits the mesh.

        Targets are taken one at a time, and the first failure stops the rest.
        """

    async def verify(self, target: str, caller: Caller = ANYBODY) -> Verification:
        """Check a target all the way to the wire, at a gateway as this caller."""

    async def get(self, kind: str, name: str = "", namespace: str = "") -> list[dict[str, Any]]:
        """Manifests as stored, a Secret's private data redacted. Raises UsageError for an unknown kind or name."""

    async def history(self, target: str = "", limit: int = 100) -> list[HistoryEntry]:
        """Newest first; of everything when `target` is empty, of one certificate when it is a serial.

        Raises UsageError for a serial that nothing is known of.
        """

    async def explain(self, question: AccessQuestion) -> Explanation:
        """Whether one workload may call another, decided by which policy. Raises UsageError for an unknown end."""

    async def matrix(self, namespace: str = "") -> Matrix:
        """Who can call whom; only destinations of one namespace where it is given. Raises UsageError when there is no
        such namespace.
        """

    async def policies(self) -> list[PolicyRow]:
        """Every policy, sorted by kind, namespace and name, with how it is enforced."""

    async def traffic(self, query: TrafficQuery) -> Traffic:
        """Calls that were made, by pair, and the denied ones."""

    async def audit(self, query: AuditQuery) -> list[HistoryEntry]:
        """What was issued, refused, configured, denied and done by operators, newest first."""

    async def token(self, target: str, audience: str, duration: timedelta) -> str:
        """A service-account token for a workload."""

    async def close(self) -> None:
        """Let go. Idempotent."""
