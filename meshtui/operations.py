"""What a person can do to a mesh, in the steps that any front end takes: resolve, plan, confirm, perform.

Written against the `Mesh` interface alone, so that it is the same over every backend.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from msgspec.structs import replace

from meshtui.errors import RefusedError
from meshtui.mesh.actions import Action, Issue, Plan, Progress, Rotate
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Query, Row, Sort, View

Confirm = Callable[[Plan], Awaitable[bool]]
Hear = Callable[[Progress], None]
_PAGE = 1_000
"""Rows that are asked for at once where all are wanted."""
T = TypeVar("T")
R = TypeVar("R")


async def every_target(mesh: Mesh) -> tuple[str, ...]:
    """All targets but authorities, in order."""
    targets: list[str] = []
    for view in (View.WORKLOADS, View.GATEWAYS):
        offset = 0
        while rows := (await mesh.rows(Query(view=view, sort=Sort.TARGET, offset=offset))).rows:
            targets += [row.target for row in rows]
            offset += len(rows)
    return tuple(targets)


async def every_row(mesh: Mesh, query: Query) -> tuple[Row, ...]:
    """All rows of a query, page by page, each once even where some move meanwhile."""
    found: dict[str, Row] = {}
    offset = 0
    while rows := (await mesh.rows(replace(query, offset=offset, limit=_PAGE))).rows:
        found |= {row.target: row for row in rows}
        offset += len(rows)
    return tuple(found.values())


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
        raise RefusedError(
            f"{plan.title}: this mesh is read-only.",
            fix="Start or attach without --read-only; with --write where config.toml protects it.",
        )
    if not await confirm(plan):
        raise RefusedError(f"{plan.title}: not confirmed, so nothing was changed.")
    ended = []
    async for progress in mesh.perform(plan.id):
        hear(progress)
        if progress.done:
            ended.append(progress)
    return plan, tuple(ended)


async def side_by_side(work: Callable[[T], Awaitable[R]], items: Sequence[T], *, at_once: int) -> list[R]:
    """The result of each, in order, with no more than `at_once` under way. The first error ends all of them."""
    results: dict[int, R] = {}
    waiting = iter(enumerate(items))

    async def take() -> None:
        for number, item in waiting:
            results[number] = await work(item)

    try:
        async with asyncio.TaskGroup() as workers:
            for _ in range(min(at_once, len(items))):
                workers.create_task(take())
    except ExceptionGroup as errors:
        raise errors.exceptions[0] from None
    return [results[number] for number in range(len(items))]
