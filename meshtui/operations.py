"""What a person can do to a mesh, in the steps that any front end takes: resolve, plan, confirm, perform.

Written against the `Mesh` interface alone, so that it is the same over every backend.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from meshtui.errors import RefusedError
from meshtui.mesh.actions import Action, Issue, Plan, Progress, Rotate
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Query, Sort, View

Confirm = Callable[[Plan], Awaitable[bool]]
Hear = Callable[[Progress], None]


async def every_target(mesh: Mesh) -> tuple[str, ...]:
    """All targets but authorities, in order."""
    targets: list[str] = []
    for view in (View.WORKLOADS, View.GATEWAYS):
        offset = 0
        while rows := (await mesh.rows(Query(view=view, sort=Sort.TARGET, offset=offset))).rows:
            targets += [row.target for row in rows]
            offset += len(rows)
    return tuple(targets)


async def possible_targets(mesh: Mesh, kind: type[Issue | Rotate]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The targets to which it can be done now, and for each of the others the sentence that says why not."""
    possible, others = [], []
    for target in await every_target(mesh):
        try:
            await mesh.plan(kind(targets=(target,)))
        except RefusedError as refusal:
            others.append(refusal.message)
        else:
            possible.append(target)
    return tuple(possible), tuple(others)


async def carry_out(mesh: Mesh, action: Action, confirm: Confirm, hear: Hear) -> tuple[Plan, tuple[Progress, ...]]:
    """Plan, confirm and perform; `hear` gets every step, and the last word on each target is returned.

    Raises RefusedError when `confirm` says no, or need not be asked because the mesh is read-only; and what `plan`
    and `perform` raise.
    """
    plan = await mesh.plan(action)
    if (await mesh.info()).read_only:
        raise RefusedError(f"{plan.title}: this mesh is read-only.", fix="Start or attach without --read-only.")
    if not await confirm(plan):
        raise RefusedError(f"{plan.title}: not confirmed, so nothing was changed.")
    ended = []
    async for progress in mesh.perform(plan.id):
        hear(progress)
        if progress.done:
            ended.append(progress)
    return plan, tuple(ended)
