"""Who goes first in a batch, and what ends it."""

from __future__ import annotations

from datetime import UTC, datetime

from msgspec.structs import replace

from meshtui.findings import Verification
from meshtui.mesh.batch import CHANGED, UNKNOWN, UNVERIFIED, Batch, Ended, canary_first, perform, plan_for
from meshtui.mesh.caller import ANYBODY, Caller
from meshtui.mesh.fake import FakeMesh, demo_rows

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
ROWS = {row.target: row for row in demo_rows(NOW)}
API = "gateway/istio-system/api-credential"
HTTPBIN_GATEWAY = "gateway/istio-system/httpbin-credential"
SLEEP, DETAILS, REVIEWS = "workload/prod/sleep", "workload/prod/details-v1", "workload/prod/reviews-v1"


def first(*targets: str) -> tuple[str, ...]:
    return canary_first(ROWS[target] for target in targets)


def test_the_canary_has_the_least_behind_it_and_is_seen_in_use() -> None:
    """Workloads before gateways, few hosts before many, served before not; the others keep their order."""
    assert first(API, HTTPBIN_GATEWAY) == (HTTPBIN_GATEWAY, API)
    assert first(API, SLEEP, REVIEWS, DETAILS) == (REVIEWS, API, SLEEP, DETAILS)
    assert first(SLEEP) == (SLEEP,)
    assert first() == ()


async def ended(mesh: FakeMesh, batch: Batch) -> Ended:
    last = [told async for told in perform(mesh, batch, lambda: False)][-1]
    assert isinstance(last, Ended)
    return last


async def test_what_is_not_as_it_was_shown_is_not_done() -> None:
    """A target whose plan reads otherwise when its turn comes ends the batch."""
    mesh = FakeMesh(now=lambda: NOW)
    plan = await plan_for(mesh, "rotate", (DETAILS, REVIEWS))
    mesh.put(replace(ROWS[REVIEWS], served_by="agent"))
    assert Ended("rotate", (DETAILS,), REVIEWS, CHANGED) == await ended(mesh, Batch("rotate", plan))


async def test_a_mesh_that_goes_away_ends_it_with_its_words() -> None:
    """Nothing is raised, and what was not begun is told."""
    mesh = FakeMesh(now=lambda: NOW)
    plan = await plan_for(mesh, "rotate", (DETAILS, REVIEWS))
    mesh.silence()
    last = await ended(mesh, Batch("rotate", plan))
    assert (last.done, last.failed, last.left) == ((), DETAILS, (REVIEWS,))
    assert "The mesh does not answer." in last.reason


async def test_what_was_under_way_when_the_mesh_went_is_not_called_undone() -> None:
    """Nobody knows whether it was done; a canary that was done but not verified is said to be."""

    class Lost(FakeMesh):
        async def verify(self, target: str, caller: Caller = ANYBODY) -> Verification:
            self.silence()
            return await super().verify(target, caller)

    mesh: FakeMesh = Lost(now=lambda: NOW)
    batch = Batch("rotate", await plan_for(mesh, "rotate", (DETAILS, REVIEWS)))
    last = await ended(mesh, batch)
    assert (last.done, last.failed, last.left) == ((), DETAILS, (REVIEWS,))
    assert last.reason == f"The mesh does not answer. {UNVERIFIED}"

    mesh = FakeMesh(now=lambda: NOW)
    batch = Batch("rotate", await plan_for(mesh, "rotate", (DETAILS, REVIEWS)))
    async for told in perform(mesh, batch, lambda: False):
        mesh.silence()
        if isinstance(told, Ended):
            last = told
    assert (last.done, last.failed, last.left) == ((), DETAILS, (REVIEWS,))
    assert last.reason == f"The mesh does not answer. {UNKNOWN}"
