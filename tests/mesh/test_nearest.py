"""Who names a target that is not there is told what it was perhaps meant to be."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from meshtui.errors import UsageError
from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.nearest import nearest, row_of
from meshtui.mesh.rows import Page, Query

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)


class Counting(FakeMesh):
    """Knows what it was asked for."""

    def __init__(self) -> None:
        super().__init__(fleet_rows(3000, NOW))
        self.limits: list[int] = []

    async def rows(self, query: Query) -> Page:
        self.limits.append(query.limit)
        return await super().rows(query)


async def test_the_nearest_names_are_found_among_many_without_asking_for_all() -> None:
    """A letter too few at either end of the name, another namespace, another kind of mistake."""
    mesh = Counting()
    target = (await mesh.rows(Query(offset=2900, limit=1))).rows[0].target
    kind, namespace, name = target.split("/")
    for wrong in (name[1:], name[:-1], name[:3] + name[4:], name.replace("-", "_")):
        mesh.limits.clear()
        assert target in await nearest(mesh, f"{kind}/{namespace}/{wrong}")
        assert max(mesh.limits) <= 300
    assert (await nearest(mesh, f"{kind}/{namespace}x/{name}"))[0] == target
    assert (await row_of(mesh, target)).target == target
    with pytest.raises(UsageError, match=f"There is no .* Did you mean .*{target}"):
        await row_of(mesh, target + "x")


@pytest.mark.parametrize("target", ["workload/a/" + "z" * 400, 'workload/"/*', "spiffe://x/ns/a/sa/b", "nothing"])
async def test_what_is_like_nothing_has_no_nearest_name(target: str) -> None:
    """And what is no target at all is not sought."""
    assert await nearest(FakeMesh(), target) == ()
    with pytest.raises(UsageError) as raised:
        await row_of(FakeMesh(), target)
    assert "Did you mean" not in str(raised.value)
