"""The embedded mesh as one operator sees it: `mesh.interface.Mesh` over `core`."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Any

from meshtui.backends.embedded import access, auditing, checks, mesh_info, views
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.details import detail_of
from meshtui.backends.embedded.issued import as_history, record_of
from meshtui.backends.embedded.performing import Performer
from meshtui.backends.embedded.planning import plan_of
from meshtui.backends.embedded.plans import PlanBook
from meshtui.backends.embedded.policies import policy_rows
from meshtui.backends.embedded.resolving import resolve
from meshtui.errors import RefusedError, UsageError
from meshtui.findings import Findings, Verification
from meshtui.manifest.kinds import find_kind, kind_of
from meshtui.manifest.redaction import shown
from meshtui.mesh.access import AccessQuestion, Explanation, Matrix, PolicyRow
from meshtui.mesh.actions import Action, Plan, Progress
from meshtui.mesh.caller import ANYBODY, Caller
from meshtui.mesh.events import InfoChanged, MeshEvent
from meshtui.mesh.overview import Overview
from meshtui.mesh.rows import Detail, HistoryEntry, Page, Query
from meshtui.mesh.snapshot import MeshInfo, Snapshot
from meshtui.mesh.targets import Target, serial_in
from meshtui.mesh.traffic import AuditQuery, Traffic, TrafficQuery

_LONGEST_HISTORY = 100_000


class EmbeddedMesh:
    """One operator's view. Many share a core, a book of plans and a performer."""

    def __init__(
        self, core: MeshCore, plans: PlanBook, performer: Performer, actor: str, *, read_only: bool = False
    ) -> None:
        self._core = core
        self._read_only = read_only or core.settings.read_only
        self._plans = plans
        self._performer = performer
        self._actor = actor

    async def info(self) -> MeshInfo:
        """See `Mesh`."""
        return mesh_info.info(self._core, read_only=self._read_only)

    async def snapshot(self) -> Snapshot:
        """See `Mesh`."""
        return await views.snapshot(self._core, read_only=self._read_only)

    async def overview(self) -> Overview:
        """See `Mesh`."""
        return await self._core.overviews.current()

    async def findings(self) -> Findings:
        """See `Mesh`."""
        return await self._core.overviews.findings()

    async def rows(self, query: Query) -> Page:
        """See `Mesh`."""
        return self._core.board.page(query, self._core.clock())

    async def detail(self, target: str) -> Detail:
        """See `Mesh`."""
        name = resolve(self._core, target)
        row = self._core.board.row(name)
        if row is None:
            raise UsageError(f"{name} is only just being made.", fix="Try again.")
        return detail_of(self._core, row, await self.history(name, 20))

    async def watch(self) -> AsyncIterator[MeshEvent]:
        """See `Mesh`."""
        async with contextlib.aclosing(self._core.board.watch()) as events:
            async for event in events:
                yield InfoChanged(info=await self.info()) if isinstance(event, InfoChanged) else event

    async def plan(self, action: Action) -> Plan:
        """See `Mesh`. Who may only look may look at plans, too."""
        return self._plans.add(self._actor, action, await plan_of(self._core, action, self._plans))

    def perform(self, plan_id: str) -> AsyncIterator[Progress]:
        """See `Mesh`."""
        self._must_be_writable()
        return self._performer.perform(self._actor, plan_id)

    async def verify(self, target: str, caller: Caller = ANYBODY) -> Verification:
        """See `Mesh`."""
        return await checks.verify(self._core, resolve(self._core, target), caller)

    async def get(self, kind: str, name: str = "", namespace: str = "") -> list[dict[str, Any]]:
        """See `Mesh`."""
        wanted = find_kind(kind)
        known = wanted.name
        found = [
            shown(document)
            for document in self._core.desired.documents()
            if kind_of(document["apiVersion"], document["kind"]) == wanted
            and name in ("", document["metadata"]["name"])
            and namespace in ("", document["metadata"].get("namespace", ""))
        ]
        if name and not found:
            where = f" in namespace {namespace}" if namespace else ""
            raise UsageError(f"There is no {known} {name!r}{where}.", fix=f"See: meshtui get {known}")
        return found

    async def history(self, target: str = "", limit: int = 100) -> list[HistoryEntry]:
        """See `Mesh`."""
        core = self._core
        pods = {each.pod_uid: runtime.target for runtime in core.workloads.values() for each in runtime.identities}
        limit = min(max(limit, 0), _LONGEST_HISTORY)
        if serial := serial_in(target):
            return _of_serial(core, serial, pods)[:limit]
        name = _named(core, target) if target else ""
        if name in core.workloads:
            entries = core.ledger.entries(pod_uid=core.workloads[name].identity.pod_uid, limit=limit)
        else:
            entries = core.ledger.entries(target=name or None, limit=limit)
        signed = [as_history(entry, pods, core.settings.trust_domain) for entry in entries]
        done = core.journal.entries(name, limit)
        return sorted([*signed, *done], key=lambda entry: entry.at, reverse=True)[:limit]

    async def explain(self, question: AccessQuestion) -> Explanation:
        """See `Mesh`."""
        core = self._core
        return access.explanation(core.catalog, question, trust_domain=core.settings.trust_domain, now=core.clock())

    async def matrix(self, namespace: str = "") -> Matrix:
        """See `Mesh`."""
        core = self._core
        # a second of work at most, in which others are not to wait
        return await asyncio.to_thread(access.matrix, core.catalog, namespace, trust_domain=core.settings.trust_domain)

    async def policies(self) -> list[PolicyRow]:
        """See `Mesh`."""
        core = self._core
        proxies = {target: each.proxy for target, each in core.workloads.items() if each.proxy is not None}
        deliveries = {target: proxy.delivery for target, proxy in proxies.items()}
        decisions = core.observed.recorder.counts.policies
        return policy_rows(core.catalog, deliveries, decisions, envoys=core.envoy is not None)

    async def traffic(self, query: TrafficQuery) -> Traffic:
        """See `Mesh`."""
        return await self._core.observed.recorder.traffic(query)

    async def audit(self, query: AuditQuery) -> list[HistoryEntry]:
        """See `Mesh`."""
        return await auditing.audit(self._core, query)

    async def token(self, target: str, audience: str, duration: timedelta) -> str:
        """See `Mesh`."""
        core = self._core
        self._must_be_writable()
        runtime = core.workloads.get(resolve(core, target))
        if runtime is None:
            raise UsageError(f"{target} is not a workload; only workloads have tokens.", fix="meshtui status")
        now = core.clock()
        token = runtime.identity.token(audience, duration)
        text = f"for {audience}, {duration}"
        number = core.journal.begin(actor=self._actor, verb="token", target=runtime.target, now=now)
        core.journal.end(number, outcome="ok", text=text, serial="", now=core.clock())
        return token

    async def close(self) -> None:
        """See `Mesh`. The mesh itself goes on."""

    def _must_be_writable(self) -> None:
        if self._read_only:
            raise RefusedError(
                "This mesh is read-only.",
                fix="Start or attach without --read-only; with --write where config.toml protects it.",
            )


def _of_serial(core: MeshCore, serial: str, pods: Mapping[str, str]) -> list[HistoryEntry]:
    """What the CA has on record, and what an operator did to get it."""
    entry = core.ledger.by_serial(serial)
    if entry is None:
        raise UsageError(
            f"The CA of this mesh has nothing on record about the serial {serial}.",
            fix="It keeps certificates until 90 days after their end: meshtui history lists the newest.",
        )
    signed = as_history(entry, pods, core.settings.trust_domain, record=record_of(entry))
    done = [each for each in core.journal.entries(signed.target, _LONGEST_HISTORY) if each.serial == serial]
    return sorted([signed, *done], key=lambda each: each.at, reverse=True)


def _named(core: MeshCore, text: str) -> str:
    """A target of this mesh, or one that it had: what was done to it is still on record. Raises UsageError."""
    try:
        return resolve(core, text)
    except UsageError:
        if text.startswith("spiffe://"):
            raise
        return str(Target.parse(text))
