"""One verb on many targets, so that a mistake costs one of them: a canary first, which must pass verification, then
one at a time, and nothing more after the first that goes wrong.

Each target has a plan of its own, made when its turn comes and compared with what the person saw: between two of them
it can be stopped, and what was not begun stays as it is.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from meshtui.errors import MeshError, UnreachableError
from meshtui.findings import Verification
from meshtui.mesh.actions import Issue, Plan, Progress, Rotate, Undo
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Row, Step
from meshtui.mesh.snapshot import Mark
from meshtui.mesh.targets import TargetKind

UNKNOWN = "Whether it was done is not known: verify it."
UNVERIFIED = "It was done, but not verified."
CHANGED = "It would do something else now than was shown. Look at it alone."
_GATEWAY = f"{TargetKind.GATEWAY}/"


@dataclass(frozen=True)
class Batch:
    """What is to be done to whom."""

    verb: str
    """`issue`, `rotate` or `undo`."""
    plan: Plan
    """Of all of them; its steps are in the order in which they are taken, the canary first."""
    left_out: tuple[tuple[str, str], ...] = ()
    """Targets that were marked and cannot have it, each with the reason."""

    @property
    def targets(self) -> tuple[str, ...]:
        """The targets, the canary first."""
        return tuple(step.target for step in self.plan.steps)


@dataclass(frozen=True)
class Ended:
    """How a batch ended."""

    verb: str
    done: tuple[str, ...]
    failed: str = ""
    """The target at which it stopped; empty when it went through, or was stopped by the person."""
    reason: str = ""
    left: tuple[str, ...] = ()
    """Targets that were not begun."""


def canary_first(rows: Iterable[Row]) -> tuple[str, ...]:
    """The targets in the order given, but first the one with the least behind it whose certificate is seen in use:
    a workload before a gateway, a gateway with few hosts before one with many.
    """
    targets = {row.target: _stakes(row) for row in rows}
    canary = min(targets, key=targets.__getitem__, default="")
    return tuple(dict.fromkeys(filter(None, (canary, *targets))))


def _stakes(row: Row) -> tuple[bool, int, bool]:
    is_gateway = row.target.startswith(_GATEWAY)
    return is_gateway, row.identity.count(",") if is_gateway else 0, row.truths[3] is Mark.ABSENT


async def plan_for(mesh: Mesh, verb: str, targets: Sequence[str]) -> Plan:
    """What it would do to all of them. Raises what `Mesh.plan` raises."""
    if verb != "undo":
        return await mesh.plan(Issue(targets=tuple(targets)) if verb == "issue" else Rotate(targets=tuple(targets)))
    plans = [await mesh.plan(Undo(target=target)) for target in targets]
    first = plans[0]
    return replace(
        first,
        title=f"Undo {len(plans)} certificates",
        steps=tuple(step for plan in plans for step in plan.steps),
        effects=tuple(dict.fromkeys(text for plan in plans for text in plan.effects)),
        warnings=tuple(dict.fromkeys(text for plan in plans for text in plan.warnings)),
        command=" && ".join(plan.command for plan in plans),
        by_hand=tuple(command for plan in plans for command in plan.by_hand),
    )


async def perform(mesh: Mesh, batch: Batch, is_halted: Callable[[], bool]) -> AsyncIterator[Progress | Ended]:
    """Do it; how each target goes, and at last how all of it ended. Nothing is raised: what goes wrong ends it."""
    shown = {step.target: step.text for step in batch.plan.steps}
    targets = batch.targets
    for number, target in enumerate(targets):
        ended = Ended(batch.verb, targets[:number], left=targets[number:])
        if is_halted():
            yield ended
            return
        fault = standing = ""
        try:
            plan = await plan_for(mesh, batch.verb, (target,))
            if {step.target: step.text for step in plan.steps} != {target: shown[target]}:
                fault = CHANGED
            else:
                standing = UNKNOWN
                async for progress in mesh.perform(plan.id):
                    yield progress
                    fault = _fault(progress)
                standing = UNVERIFIED
            if not fault and number == 0 and len(targets) > 1:
                yield Progress(target=target, step=Step.VERIFYING, text="the canary")
                fault = _failed_check(await mesh.verify(target))
        except UnreachableError as error:
            fault = f"{error.message} {standing}" if standing else str(error)
        except MeshError as error:
            fault = str(error)
        if fault:
            yield Ended(batch.verb, targets[:number], target, fault, targets[number + 1 :])
            return
    yield Ended(batch.verb, targets)


def _fault(progress: Progress) -> str:
    if progress.done and not progress.error and progress.served is False:
        return "It was issued, but it is not served yet."
    return progress.error


def _failed_check(verification: Verification) -> str:
    failed = next((check for check in verification.checks if check.passed is False), None)
    return f"It did not pass verification: {failed.name}: {failed.seen}" if failed is not None else ""
