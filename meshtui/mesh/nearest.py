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
    names: set[str] = set()
    for text in _filters(target):
        try:
            page = await mesh.rows(Query(filter=text, limit=_LOOKED_AT))
        except MeshError:
            break
        names.update(row.target for row in page.rows)
    return tuple(difflib.get_close_matches(target, sorted(names), n=_MOST, cutoff=_ALIKE))


def _filters(target: str) -> Iterator[str]:
    """What is asked for: where the name occurs, names that begin or end alike, and all of the namespace."""
    try:
        parsed = Target.parse(target)
    except UsageError:
        return
    if _OTHERS & {*target}:
        return
    kind, name, part = parsed.kind, parsed.name, (len(parsed.name) + 2) // 3
    yield f"kind={kind} name:*{name}*"
    yield f"kind={kind} name:*{name[-part:]}"
    yield f"kind={kind} name:{name[: 2 * part]}"
    yield f"kind={kind} name:{name[:part]}"
    yield f"ns={parsed.namespace}" if parsed.namespace else f"kind={parsed.kind}"
