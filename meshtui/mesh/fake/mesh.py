"""`FakeMesh`: the interface over rows in memory. What rows, plans and certificates are is beside it, pure."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from meshtui.errors import RefusedError, UnreachableError, UsageError
from meshtui.findings import Findings, Verification
from meshtui.manifest.model import Deployment, Manifest
from meshtui.manifest.redaction import shown
from meshtui.mesh.access import AccessQuestion, Explanation, Matrix, PolicyRow
from meshtui.mesh.actions import Action, Issue, Plan, Progress, Rotate, Undo
from meshtui.mesh.caller import ANYBODY, Caller
from meshtui.mesh.events import ActivityChanged, InfoChanged, MeshEvent, RowChanged, RowGone
from meshtui.mesh.fake.access import explanation_of, matrix_of
from meshtui.mesh.fake.activity import audit_of, demo_entries, demo_traffic, selected
from meshtui.mesh.fake.certificates import TRUST_DOMAIN, held_truth, serial_of
from meshtui.mesh.fake.demo import NEVER_ISSUED, demo_rows
from meshtui.mesh.fake.info import info_of
from meshtui.mesh.fake.joined import detail_of, overview_of, snapshot_of, worst_first
from meshtui.mesh.fake.journal import Journal
from meshtui.mesh.fake.judgement import verification_of
from meshtui.mesh.fake.objects import Objects, objects_of, secret_of, target_of
from meshtui.mesh.fake.plans import Prepared, find, plan_of, prepare
from meshtui.mesh.fake.policies import KINDS, demo_policies, policy_rows
from meshtui.mesh.fake.renewals import is_gateway, row_after
from meshtui.mesh.fake.tokens import token_of
from meshtui.mesh.fake.turns import TEXTS, failed, turns
from meshtui.mesh.index import RowIndex
from meshtui.mesh.overview import Overview
from meshtui.mesh.rows import Detail, HistoryEntry, Page, Query, Row, Step
from meshtui.mesh.snapshot import MeshInfo, RotationState, Snapshot
from meshtui.mesh.targets import serial_in
from meshtui.mesh.traffic import AuditQuery, Traffic, TrafficQuery

_GOOD_FOR = timedelta(seconds=10)
"""How long an overview is handed out while nothing changes."""


class FakeMesh:
    """A `mesh.interface.Mesh` in memory.

    `refusals` maps a target to the sentence with which its issue or rotation fails; `pace` is the pause in
    seconds between the steps of a plan, for those who want to watch.
    """

    def __init__(
        self,
        rows: Iterable[Row] | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        read_only: bool = False,
        refusals: Mapping[str, str] | None = None,
        pace: float = 0.0,
    ) -> None:
        self._now = now
        self._pace = pace
        self._refusals = dict(refusals or {})
        demo = demo_rows(now()) if rows is None else ()
        self._rows = {row.target: row for row in (demo if rows is None else rows)}
        is_demo = rows is None
        self._objects = Objects((*objects_of(demo), *(demo_policies() if is_demo else ())))
        self._traffic = demo_traffic(now()) if is_demo else Traffic(since=now(), pairs=(), denied=())
        self._entries = list(demo_entries(now())) if is_demo else []
        self._revision = 0
        self._journal = Journal()
        for row in sorted(demo, key=lambda row: row.issued_at or now()):
            if row.serial and row.issued_at:
                self._journal.issued(row.issued_at, row)
        self._counts: dict[str, int] = {}
        self._before: dict[str, Row] = {}
        """Rows of gateways as they were with the certificate before."""
        self._plans: dict[str, tuple[Plan, Prepared]] = {}
        self._planned = 0
        self._watchers: set[asyncio.Queue[MeshEvent | None]] = set()
        self._index = RowIndex(self._rows.values())
        self._overview: Overview | None = None
        self._silent = False
        self._info = info_of(read_only)

    # What a caller does to the fake, in place of the world around a mesh.

    def put(self, row: Row) -> None:
        """Let a row appear or change."""
        self._rows[row.target] = row
        self._index.put(row)
        self._overview = None
        self._tell(RowChanged(row=row))

    def remove(self, target: str) -> None:
        """Let a row vanish; raises KeyError when there is none."""
        del self._rows[target]
        self._index.drop(target)
        self._overview = None
        self._tell(RowGone(target=target))

    def set_info(self, info: MeshInfo) -> None:
        """Let the mesh itself be different: a proxy less, a CA that does not answer, a notice."""
        self._info = info
        self._tell(InfoChanged(info=info))

    def silence(self, silent: bool = True) -> None:
        """Stop answering, as a mesh does whose process was killed, or answer again."""
        self._silent = silent
        if silent:
            self._tell(None)

    def set_traffic(self, traffic: Traffic) -> None:
        """Let other calls have been made."""
        self._traffic = traffic
        self.stir()

    def happen(self, entry: HistoryEntry) -> None:
        """Let something be in the audit that nobody did here."""
        self._entries.append(entry)
        self.stir()

    def stir(self) -> None:
        """Say that policies, traffic or the audit are different."""
        self._revision += 1
        self._tell(ActivityChanged(revision=self._revision))

    # The interface.

    async def info(self) -> MeshInfo:
        """See `Mesh.info`."""
        self._answer()
        return self._info

    async def snapshot(self) -> Snapshot:
        """See `Mesh.snapshot`."""
        self._answer()
        return snapshot_of(self._info, self._rows, self._counts, self._before)

    async def overview(self) -> Overview:
        """See `Mesh.overview`."""
        self._answer()
        now = self._now()
        if self._overview is None or not timedelta(0) <= now - self._overview.at < _GOOD_FOR:
            self._overview = overview_of(self._index.rows, self._journal, now)
        return self._overview

    async def findings(self) -> Findings:
        """See `Mesh.findings`."""
        self._answer()
        return Findings(findings=worst_first(self._index.rows))

    async def rows(self, query: Query) -> Page:
        """See `Mesh.rows`."""
        self._answer()
        return self._index.page(query, self._now())

    async def detail(self, target: str) -> Detail:
        """See `Mesh.detail`."""
        self._answer()
        row = find(target, self._rows)
        return detail_of(row, self._rows, tuple(await self.history(row.target)), self._traffic)

    async def watch(self) -> AsyncIterator[MeshEvent]:
        """See `Mesh.watch`."""
        self._answer()
        queue: asyncio.Queue[MeshEvent | None] = asyncio.Queue()
        self._watchers.add(queue)
        try:
            while (event := await queue.get()) is not None:
                yield event
            self._answer()
        finally:
            self._watchers.discard(queue)

    async def plan(self, action: Action) -> Plan:
        """See `Mesh.plan`."""
        self._answer()
        prepared = self._prepared(action)
        self._planned += 1
        plan = plan_of(prepared, self._objects, f"plan-{self._planned}", self._now())
        self._plans[plan.id] = (plan, prepared)
        return plan

    async def perform(self, plan_id: str) -> AsyncIterator[Progress]:
        """See `Mesh.perform`."""
        self._answer()
        self._may_change()
        prepared = self._take(plan_id)
        if isinstance(prepared.action, Issue | Rotate | Undo):
            for row in prepared.rows:
                last = None
                async for last in self._renew(row, prepared.action):
                    yield last
                if last is not None and last.error:
                    return
        for item in prepared.stored:
            self._store(item)
            yield Progress(target=str(item.key), step=Step.SERVED, text="stored", done=True)
        for item in prepared.removed:
            self._forget(item)
            yield Progress(target=str(item.key), step=Step.SERVED, text="removed", done=True)
        self.stir()

    async def verify(self, target: str, caller: Caller = ANYBODY) -> Verification:  # noqa: ARG002 - nobody is asked
        """See `Mesh.verify`."""
        self._answer()
        return verification_of(find(target, self._rows), self._now())

    async def get(self, kind: str, name: str = "", namespace: str = "") -> list[dict[str, Any]]:
        """See `Mesh.get`."""
        self._answer()
        return [shown(item.document) for item in self._objects.find(kind, name, namespace)]

    async def history(self, target: str = "", limit: int = 100) -> list[HistoryEntry]:
        """See `Mesh.history`."""
        self._answer()
        if serial := serial_in(target):
            return self._journal.of_serial(serial, limit)
        return self._journal.newest(target, limit)

    async def explain(self, question: AccessQuestion) -> Explanation:
        """See `Mesh.explain`."""
        self._answer()
        return explanation_of(question, self._policies(), self._rows)

    async def matrix(self, namespace: str = "") -> Matrix:
        """See `Mesh.matrix`."""
        self._answer()
        return matrix_of(namespace, self._policies(), self._rows)

    async def policies(self) -> list[PolicyRow]:
        """See `Mesh.policies`."""
        self._answer()
        return policy_rows(self._policies(), self._rows.values())

    async def traffic(self, query: TrafficQuery) -> Traffic:
        """See `Mesh.traffic`."""
        self._answer()
        return selected(self._traffic, query, self._now())

    async def audit(self, query: AuditQuery) -> list[HistoryEntry]:
        """See `Mesh.audit`."""
        self._answer()
        return audit_of([*self._journal, *self._entries], query, self._now())

    async def token(self, target: str, audience: str, duration: timedelta) -> str:
        """See `Mesh.token`."""
        self._answer()
        return token_of(find(target, self._rows), audience, duration, self._now())

    async def close(self) -> None:
        """See `Mesh.close`."""
        self._tell(None)

    # How it is done.

    def _answer(self) -> None:
        if self._silent:
            raise UnreachableError("The mesh does not answer.", fix="Start one with: meshtui serve")

    def _may_change(self) -> None:
        if self._info.read_only:
            raise RefusedError("This mesh is read-only.", fix="Open it without --read-only.")

    def _tell(self, event: MeshEvent | None) -> None:
        for queue in self._watchers:
            queue.put_nowait(event)

    def _take(self, plan_id: str) -> Prepared:
        """What is planned, once, if it has not lapsed and still fits."""
        plan, prepared = self._plans.pop(plan_id, (None, None))
        if plan is None or prepared is None:
            raise RefusedError(f"There is no plan {plan_id!r}, or it was used.", fix="Make a new plan.")
        if self._now() >= plan.lapses_at:
            raise RefusedError(f"The plan lapsed at {plan.lapses_at:%H:%M:%SZ}.", fix="Make a new plan.")
        try:
            self._prepared(prepared.action)
        except UsageError as error:
            raise RefusedError(f"The plan no longer fits the mesh: {error.message}", fix="Make a new plan.") from error
        return prepared

    def _prepared(self, action: Action) -> Prepared:
        return prepare(action, self._rows, self._objects, self._before, self._now())

    async def _renew(self, planned: Row, action: Issue | Rotate | Undo) -> AsyncIterator[Progress]:
        target, verb = planned.target, type(action).__name__.lower()
        row = self._rows.get(target, planned)
        before = held_truth(row).certificate
        count = self._counts.get(target, 1 if row.serial else 0) + 1
        serial = serial_of(target, str(count))
        if refusal := self._refusals.get(target):
            self._journal.operated(self._now(), target, verb, "failed", error=refusal)
            self.put(failed(row, refusal))
            yield Progress(target=target, step=Step.FAILED, done=True, error=refusal, before=before)
            return
        after = row_after(action, row, self._before.get(target), serial, self._now())
        for step, changed in turns(row, after):
            await asyncio.sleep(self._pace)
            self._answer()
            done = step is Step.SERVED
            if done:
                self._counts[target] = count
                if not isinstance(action, Undo):
                    self._journal.issued(self._now(), changed)
                self._journal.operated(self._now(), target, verb, "ok", serial=changed.serial)
                if is_gateway(row):
                    self._keep(row)
            self.put(changed)
            yield Progress(
                target=target,
                step=step,
                text=TEXTS[step],
                done=done,
                before=before if done else None,
                after=held_truth(changed).certificate if done else None,
                served=(bool(changed.served_serial) or None) if done else None,
            )

    def _keep(self, row: Row) -> None:
        """A gateway's row that has another certificate from now on; a first one needs a Secret."""
        if row.serial:
            self._before[row.target] = row
        elif not self._objects.has((secret := secret_of(row.target)).key):
            self._objects.put(secret)

    def _policies(self) -> list[Mapping[str, Any]]:
        return [item.document for item in self._objects.of_kinds(KINDS)]

    def _store(self, item: Manifest) -> None:
        self._objects.put(item)
        self._journal.operated(self._now(), str(item.key), "apply", "ok")
        target = target_of(item)
        if target and target not in self._rows:
            account = f"spiffe://{TRUST_DOMAIN}/ns/{item.namespace}/sa/{item.name}"
            identity = account if isinstance(item, Deployment) else ""
            self.put(Row(target=target, identity=identity, truths=NEVER_ISSUED, state=RotationState.UNKNOWN))

    def _forget(self, item: Manifest) -> None:
        self._objects.remove(item.key)
        self._journal.operated(self._now(), str(item.key), "delete", "ok")
        self._before.pop(target_of(item), None)
        if target_of(item) in self._rows:
            self.remove(target_of(item))
