"""The targets that are called nearly like one that is not there: of however many, a few pages are looked at."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from meshtui.errors import MeshError, UsageError
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Query, Row
from meshtui.mesh.targets import Target

_MOST = 3
_LOOKED_AT = 300
"""Rows of each page."""
_BEGINNING = 2
"""Letters of a name that are likely to be right."""
_ALIKE = 0.7
_OTHERS = set('"*!')


async def row_of(mesh: Mesh, target: str) -> Row:
    """The row of a target (or SPIFFE ID). Raises UsageError when there is none, with the nearest names."""
    try:
        return (await mesh.detail(target)).row
    except UsageError as error:
        near = await nearest(mesh, target)
        if not near:
            raise
        raise UsageError(error.message, fix=f"Did you mean {' or '.join(near)}?") from error


async def nearest(mesh: Mesh, target: str) -> tuple[str, ...]:
    """What a target that is not there was perhaps meant to be, the likeliest first."""
    for text in _filters(target):
        try:
            rows = (await mesh.rows(Query(filter=text, limit=_LOOKED_AT))).rows
        except MeshError:
            break
        names = [row.target for row in rows]
        if near := difflib.get_close_matches(target, names, n=_MOST, cutoff=_ALIKE):
            return tuple(near)
    return ()


def _filters(target: str) -> Iterator[str]:
    """What is asked for, one after the other: the name elsewhere, names that begin alike, and all of the namespace."""
    try:
        parsed = Target.parse(target)
    except UsageError:
        return
    if _OTHERS & {*target}:
        return
    yield f"kind={parsed.kind} name={parsed.name}"
    yield f"kind={parsed.kind} name:{parsed.name[:_BEGINNING]}"
    yield f"ns={parsed.namespace}" if parsed.namespace else f"kind={parsed.kind}"
