"""Does what was planned, one target after the other, and records who did it and how it ended.

Once begun it goes on, whether or not anyone still listens: a terminal that vanishes stops nothing half-way.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable

from meshtui.backends.embedded.context import Report
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.credential import CredentialRuntime
from meshtui.backends.embedded.new_routes import route_documents
from meshtui.backends.embedded.planning import UNCHANGED, key_of, plan_of
from meshtui.backends.embedded.plans import PlanBook
from meshtui.errors import MeshError, RefusedError, UsageError
from meshtui.identity.facts import CertificateFacts
from meshtui.manifest.difference import difference
from meshtui.manifest.documents import parse, parse_document
from meshtui.mesh.actions import Action, Apply, Delete, Issue, Plan, Progress, Rotate, Terms, Undo
from meshtui.mesh.rows import Step
from meshtui.mesh.targets import Target, TargetKind

_LOG = logging.getLogger(__name__)
_AGAIN = "Ask for a new one."
Tell = Callable[[Progress], None]


class Performer:
    """Runs plans. One for a mesh: its tasks outlive the connections that asked for them."""

    def __init__(self, core: MeshCore, plans: PlanBook) -> None:
        self._core = core
        self._plans = plans
        self._tasks: set[asyncio.Task[None]] = set()

    async def perform(self, actor: str, plan_id: str) -> AsyncIterator[Progress]:
        """Use a plan up and do it; yields how it goes. Raises RefusedError when it may not be done any more."""
        action, plan = self._plans.take(actor, plan_id)
        try:
            # as the mesh is now, not as it was when the plan was shown
            same = (await plan_of(self._core, action, self._plans)).steps == plan.steps
        except UsageError as error:
            raise RefusedError(f"The plan no longer fits the mesh: {error.message}", fix=_AGAIN) from error
        if not same:
            raise RefusedError("The plan no longer fits the mesh: it would do something else now.", fix=_AGAIN)
        queue: asyncio.Queue[Progress | MeshError | None] = asyncio.Queue()
        task = asyncio.create_task(self._run(actor, action, plan, queue))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        while (item := await queue.get()) is not None:
            if isinstance(item, MeshError):
                raise item
            yield item

    async def finish(self) -> None:
        """Wait for what runs."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=5)

    async def _run(
        self, actor: str, action: Action, plan: Plan, queue: asyncio.Queue[Progress | MeshError | None]
    ) -> None:
        try:
            if isinstance(action, Apply | Delete):
                await self._change(actor, action, plan, queue.put_nowait)
                return
            for step in plan.steps:
                if not await self._renew(actor, action, step.target, queue.put_nowait):
                    break
        except MeshError as error:  # the journal or the store could not be written
            queue.put_nowait(error)
        except Exception as error:  # noqa: BLE001 - whoever waits for the end must hear of one
            _LOG.exception("%s failed", plan.title)
            reason = f"{plan.title} failed unexpectedly: {type(error).__name__}."
            queue.put_nowait(MeshError(reason, fix="The log of meshtui serve has more."))
        finally:
            self._core.observed.activity.touch()
            queue.put_nowait(None)

    async def _renew(self, actor: str, action: Issue | Rotate | Undo, target: str, tell: Tell) -> bool:
        """One target; returns whether it went well."""
        core = self._core
        verb = type(action).__name__.lower()
        number = core.journal.begin(actor=actor, verb=verb, target=target, now=core.clock())

        def report(step: Step, text: str) -> None:
            if step is not Step.FAILED:
                tell(Progress(target=target, step=step, text=text))

        try:
            before, after, served = await self._replaced(actor, action, target, report)
        except MeshError as error:
            core.journal.end(number, outcome="failed", text=error.message, serial="", now=core.clock())
            tell(Progress(target=target, step=Step.FAILED, done=True, error=str(error)))
            return False
        was = f"instead of {before.serial}" if verb == "undo" and before is not None else ""
        core.journal.end(number, outcome="ok", text=was, serial=after.serial, now=core.clock())
        tell(Progress(target=target, step=Step.SERVED, done=True, before=before, after=after, served=served))
        return True

    async def _replaced(
        self, actor: str, action: Issue | Rotate | Undo, target: str, report: Report
    ) -> tuple[CertificateFacts | None, CertificateFacts, bool | None]:
        core = self._core
        if (workload := core.workloads.get(target)) is not None:
            return await workload.rotate(report)
        if isinstance(action, Issue) and Target.parse(target).kind is TargetKind.GATEWAY:
            if action.route:
                # first, so that the certificate is followed to the wire
                await core.apply(map(parse_document, route_documents(core.catalog, action, (target,))))
            async with core.expecting(target) as credential:
                return await _made(credential, action.terms, report, actor, first=True)
        known = core.credentials.get(target)
        if known is None:
            raise RefusedError(f"{target} is gone from the mesh.", fix="See what there is: meshtui status")
        if isinstance(action, Undo):
            return await known.undo(report)
        return await _made(known, action.terms, report, actor, first=False)

    async def _change(self, actor: str, action: Apply | Delete, plan: Plan, tell: Tell) -> None:
        core = self._core
        numbers = {
            step.target: core.journal.begin(actor=actor, verb=plan.verb, target=step.target, now=core.clock())
            for step in plan.steps
            if step.text != UNCHANGED  # nothing happens to it, and the time line is of what happened
        }
        outcome, text = "ok", ""
        before, keys = core.catalog, [key_of(action)] if isinstance(action, Delete) else []
        try:
            if isinstance(action, Apply):
                objects = parse(action.text, action.source)
                keys = [each.key for each in objects]
                await core.apply(objects)
            else:
                await core.remove(key_of(action))
        except MeshError as error:
            outcome, text = "failed", error.message
        changes = {str(key): difference(before.get(key), core.catalog.get(key)) for key in keys}
        for step in plan.steps:
            if step.target in numbers:
                note = text or ", ".join(filter(None, (step.text, changes.get(step.target))))
                core.journal.end(numbers[step.target], outcome=outcome, text=note, serial="", now=core.clock())
            tell(
                Progress(
                    target=step.target, step=Step.FAILED if text else Step.SERVED, text=step.text, done=True, error=text
                )
            )


async def _made(
    credential: CredentialRuntime, terms: Terms, report: Report, actor: str, *, first: bool
) -> tuple[CertificateFacts | None, CertificateFacts, bool | None]:
    if terms.brought is not None:
        return await credential.bring(report, terms.brought, first=first)
    return await credential.rotate(report, actor, terms, first=first)
