"""The fake keeps the promises of every mesh, and some of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from meshtui.errors import ManifestError, RefusedError, UnreachableError, UsageError
from meshtui.mesh.access import AccessQuestion
from meshtui.mesh.actions import Action, Apply, Delete, Issue, Progress, Rotate, Undo
from meshtui.mesh.events import ActivityChanged, MeshEvent, RowChanged, RowGone
from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.fake.policies import KINDS
from meshtui.mesh.interface import Mesh
from meshtui.mesh.rows import Query, Step
from meshtui.mesh.snapshot import Mark, RotationState
from meshtui.mesh.traffic import AuditQuery, Outcome, Traffic, TrafficQuery
from tests.mesh.contract import MeshContract

NOW = datetime(2026, 11, 24, 14, 2, 31, tzinfo=UTC)
HTTPBIN = "workload/prod/httpbin"
SHOP = "gateway/istio-system/shop-credential"
LOADER = "workload/batch/loader"
DEPLOYMENT = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: prod}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      serviceAccountName: web
      containers: [{name: app, image: "registry.example.com/web:1"}]
"""
SECRET = """
apiVersion: v1
kind: Secret
type: kubernetes.io/tls
metadata: {name: edge, namespace: istio-system}
data: {tls.crt: Y2VydA==, tls.key: c2VjcmV0}
"""


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


class TestFakeMesh(MeshContract):
    """All of the contract."""

    @pytest.fixture
    def mesh(self) -> Mesh:
        """The demo mesh in memory."""
        return FakeMesh()


async def performed(mesh: Mesh, action: Action) -> list[Progress]:
    plan = await mesh.plan(action)
    return [progress async for progress in mesh.perform(plan.id)]


async def subscribed(mesh: Mesh) -> tuple[AsyncIterator[MeshEvent], asyncio.Task[MeshEvent]]:
    """A watch that has begun, and its first event to come."""
    events = mesh.watch()
    first = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    return events, first


def test_it_is_a_mesh() -> None:
    """The type checker and this line agree that FakeMesh implements the interface."""
    mesh: Mesh = FakeMesh(now=Clock())
    assert mesh is not None


async def test_the_demo_shows_every_state_that_a_console_must_show() -> None:
    """Overdue, due, fresh, failed, expired, and a truth of each mark are in the demo set."""
    rows = (await FakeMesh(now=Clock()).rows(Query())).rows
    assert {
        RotationState.EXPIRED,
        RotationState.FAILED,
        RotationState.OVERDUE,
        RotationState.DUE,
        RotationState.FRESH,
    } == {row.state for row in rows}
    assert set(Mark) == {mark for row in rows for mark in row.truths}


async def test_two_fakes_of_one_clock_are_the_same() -> None:
    """Nothing in it is left to chance, so that pictures can be compared."""
    one, other = FakeMesh(now=Clock()), FakeMesh(now=Clock())
    assert await one.snapshot() == await other.snapshot()
    assert await one.detail(SHOP) == await other.detail(SHOP)


async def test_a_rotation_goes_through_every_step_on_its_row() -> None:
    """Each step is a progress and a changed row: key, signed, pushed, verifying, and at the end a fresh one."""
    mesh = FakeMesh(now=Clock())
    events, first = await subscribed(mesh)
    before = (await mesh.detail(HTTPBIN)).row
    steps = [progress.step for progress in await performed(mesh, Rotate(targets=(HTTPBIN,)))]
    rows = [
        event.row for event in (await first, *[await anext(events) for _ in range(4)]) if isinstance(event, RowChanged)
    ]
    after = (await mesh.detail(HTTPBIN)).row
    assert steps == [Step.KEY, Step.SIGNED, Step.PUSHED, Step.VERIFYING, Step.SERVED]
    assert [*steps[:-1], None] == [row.step for row in rows]
    assert after.serial not in ("", before.serial)
    assert (RotationState.FRESH, after.serial, NOW) == (after.state, after.served_serial, after.issued_at)


async def test_the_last_progress_says_what_was_replaced_by_what() -> None:
    """`done` comes with both certificates, and with whether the wire presents the new one."""
    mesh = FakeMesh(now=Clock())
    before = (await mesh.detail(HTTPBIN)).held.certificate
    last = (await performed(mesh, Rotate(targets=(HTTPBIN,))))[-1]
    assert (True, before, True) == (last.done, last.before, last.served)
    assert (await mesh.detail(HTTPBIN)).served.certificate == last.after


async def test_what_nothing_serves_is_held_and_not_called_served() -> None:
    """A workload without a proxy gets its certificate, and `served` is None: there is no wire to ask."""
    mesh = FakeMesh(now=Clock())
    last = (await performed(mesh, Rotate(targets=("workload/prod/sleep",))))[-1]
    assert (last.done, last.served) == (True, None)


async def test_a_rotation_mends_a_proxy_that_serves_something_else() -> None:
    """After it, all four truths agree and there is nothing left to find."""
    mesh = FakeMesh(now=Clock())
    assert (await mesh.detail(SHOP)).findings
    assert not (await mesh.verify(SHOP)).passed
    await performed(mesh, Rotate(targets=(SHOP,)))
    detail = await mesh.detail(SHOP)
    assert detail.row.truths == (Mark.AGREES,) * 4
    assert (detail.findings, detail.row.disagreement) == ((), "")
    assert (await mesh.verify(SHOP)).passed


async def test_issuing_makes_a_first_certificate() -> None:
    """A workload that had none has one afterwards, and can be rotated from then on."""
    mesh = FakeMesh(now=Clock())
    assert (await performed(mesh, Issue(targets=(LOADER,))))[-1].before is None
    assert (await performed(mesh, Rotate(targets=(LOADER,))))[-1].done


@pytest.mark.parametrize(
    ("action", "fix"),
    [
        (Issue(targets=(HTTPBIN,)), "rotate"),
        (Rotate(targets=(LOADER,)), "issue"),
        (Rotate(targets=("authority/root",)), "workload"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_what_does(action: Action, fix: str) -> None:
    """Issuing where there is one, rotating where there is none, and replacing an authority are refused."""
    with pytest.raises(RefusedError) as caught:
        await FakeMesh(now=Clock()).plan(action)
    assert fix in caught.value.fix


async def test_a_plan_lapses_after_a_minute() -> None:
    """A plan that was left lying says so, and nothing changes."""
    clock = Clock()
    mesh = FakeMesh(now=clock)
    plan = await mesh.plan(Rotate(targets=(HTTPBIN,)))
    clock.time += timedelta(seconds=60)
    with pytest.raises(RefusedError, match="lapsed"):
        await anext(mesh.perform(plan.id))


async def test_a_plan_is_good_for_one_time() -> None:
    """A plan that was performed cannot be performed again."""
    mesh = FakeMesh(now=Clock())
    plan = await mesh.plan(Rotate(targets=(HTTPBIN,)))
    assert [progress async for progress in mesh.perform(plan.id)]
    with pytest.raises(RefusedError, match="used"):
        await anext(mesh.perform(plan.id))


async def test_a_plan_whose_target_is_gone_no_longer_fits() -> None:
    """What was planned is looked up again when it is performed."""
    mesh = FakeMesh(now=Clock())
    plan = await mesh.plan(Rotate(targets=(HTTPBIN,)))
    mesh.remove(HTTPBIN)
    with pytest.raises(RefusedError, match="no longer fits"):
        await anext(mesh.perform(plan.id))


async def test_the_first_failure_stops_the_rest() -> None:
    """Targets are taken in turn; behind one that fails, nothing is touched."""
    mesh = FakeMesh(now=Clock(), refusals={HTTPBIN: "The CA refused: no."})
    untouched = (await mesh.detail(SHOP)).row
    progress = await performed(mesh, Rotate(targets=(HTTPBIN, SHOP)))
    assert (progress[-1].target, progress[-1].error, progress[-1].done) == (HTTPBIN, "The CA refused: no.", True)
    assert {HTTPBIN} == {item.target for item in progress}
    row = (await mesh.detail(HTTPBIN)).row
    assert (row.state, row.last_error) == (RotationState.FAILED, "The CA refused: no.")
    assert untouched == (await mesh.detail(SHOP)).row


async def test_read_only_shows_plans_and_performs_none() -> None:
    """A read-only mesh can be looked at, verified and planned for, and says in its capabilities that this is all."""
    mesh = FakeMesh(now=Clock(), read_only=True)
    plan = await mesh.plan(Rotate(targets=(HTTPBIN,)))
    with pytest.raises(RefusedError, match="read-only"):
        await anext(mesh.perform(plan.id))
    available = {item.verb: item.available for item in (await mesh.info()).capabilities}
    assert (available["rotate"], available["undo"], available["verify"]) == (False, False, True)


async def test_undo_refuses_what_has_expired() -> None:
    """What ended meanwhile is not put in service again."""
    clock = Clock()
    mesh = FakeMesh(now=clock)
    await performed(mesh, Rotate(targets=(SHOP,)))
    clock.time += timedelta(hours=1)  # it had 38 minutes
    with pytest.raises(RefusedError, match=r"The version before, .* expired at"):
        await mesh.plan(Undo(target=SHOP))


async def test_a_spiffe_id_names_its_workload() -> None:
    """A SPIFFE ID is as good as a target."""
    detail = await FakeMesh(now=Clock()).detail("spiffe://cluster.local/ns/prod/sa/httpbin")
    assert detail.row.target == HTTPBIN


@pytest.mark.parametrize("target", ["workload/prod/nothing", "nonsense", "spiffe://cluster.local/ns/x/sa/y"])
async def test_unknown_targets_are_usage_errors(target: str) -> None:
    """A target that does not exist is named in the error, whoever asks for it."""
    mesh = FakeMesh(now=Clock())
    for attempt in (mesh.detail(target), mesh.verify(target), mesh.plan(Rotate(targets=(target,)))):
        with pytest.raises(UsageError, match=target):
            await attempt


async def test_history_is_newest_first_and_says_who() -> None:
    """A rotation leaves a certificate and an operator's action in the history of its target."""
    mesh = FakeMesh(now=Clock())
    await performed(mesh, Rotate(targets=(HTTPBIN,)))
    newest, issued, *_ = await mesh.history(HTTPBIN)
    assert (newest.kind, newest.outcome) == ("operator", "ok")
    assert newest.actor
    assert ("issued", (await mesh.detail(HTTPBIN)).row.serial) == (issued.kind, issued.serial)
    assert len(await mesh.history(limit=1)) == 1


async def test_applying_a_deployment_makes_a_workload_that_can_be_issued() -> None:
    """What is applied appears as a row without a certificate, and what is deleted goes."""
    mesh = FakeMesh(now=Clock())
    events, first = await subscribed(mesh)
    await performed(mesh, Apply(text=DEPLOYMENT, source="web.yaml"))
    appeared = await first
    assert isinstance(appeared, RowChanged)
    assert appeared.row.target == "workload/prod/web"
    assert (await performed(mesh, Issue(targets=("workload/prod/web",))))[-1].done
    await performed(mesh, Delete(kind="deployment", name="web", namespace="prod"))
    seen = [event for _ in range(8) if not isinstance(event := await anext(events), ActivityChanged)]
    assert RowGone(target="workload/prod/web") == seen[-1]
    with pytest.raises(UsageError):
        await mesh.detail("workload/prod/web")


async def test_bad_documents_change_nothing() -> None:
    """One bad document refuses all of them, with its place."""
    mesh = FakeMesh(now=Clock())
    with pytest.raises(ManifestError, match=r"both\.yaml"):
        await mesh.plan(Apply(text=f"{DEPLOYMENT}---\nkind: Nonsense\n", source="both.yaml"))
    assert not [item for item in await mesh.get("Deployment") if item["metadata"]["name"] == "web"]


async def test_a_secrets_private_data_is_not_shown() -> None:
    """`get` shows a certificate and never a key."""
    mesh = FakeMesh(now=Clock())
    await performed(mesh, Apply(text=SECRET, source="-"))
    (shown,) = await mesh.get("secret", "edge", "istio-system")
    assert shown["data"]["tls.crt"] == "Y2VydA=="
    assert "c2VjcmV0" not in str(shown)


async def test_unknown_kinds_and_names_are_usage_errors() -> None:
    """`get` knows kinds by any of their names, and says when there is no such thing."""
    mesh = FakeMesh(now=Clock())
    assert await mesh.get("deploy") == await mesh.get("Deployments")
    for kind, name in (("Nonsense", ""), ("Deployment", "nothing")):
        with pytest.raises(UsageError):
            await mesh.get(kind, name)


async def test_a_token_is_for_workloads() -> None:
    """A workload has a token of three parts; a gateway has none."""
    mesh = FakeMesh(now=Clock())
    assert len((await mesh.token(HTTPBIN, "istio-ca", timedelta(hours=1))).split(".")) == 3
    with pytest.raises(UsageError, match="not a workload"):
        await mesh.token(SHOP, "istio-ca", timedelta(hours=1))


async def test_a_silent_mesh_answers_nothing_and_ends_its_watches() -> None:
    """Silenced, every question is unreachable and whoever watches learns of it; it can come back."""
    mesh = FakeMesh(now=Clock())
    _, first = await subscribed(mesh)
    mesh.silence()
    with pytest.raises(UnreachableError):
        await first
    with pytest.raises(UnreachableError):
        await mesh.rows(Query())
    mesh.silence(False)
    assert (await mesh.rows(Query())).rows


async def test_closing_twice_is_closing_once() -> None:
    """Closing ends watches without an error and may be repeated."""
    mesh = FakeMesh(now=Clock())
    _, first = await subscribed(mesh)
    await mesh.close()
    await mesh.close()
    with pytest.raises(StopAsyncIteration):
        await first


async def test_a_watch_sees_what_comes_after_it_began() -> None:
    """What happened before is not repeated; what happens later arrives in order."""
    mesh = FakeMesh(now=Clock())
    row = (await mesh.detail(HTTPBIN)).row
    mesh.put(replace(row, last_error="before"))
    events, first = await subscribed(mesh)
    mesh.put(replace(row, last_error="one"))
    mesh.remove(HTTPBIN)
    assert RowChanged(row=replace(row, last_error="one")) == await first
    assert RowGone(target=HTTPBIN) == await anext(events)


async def test_pages_of_a_large_fleet_do_not_sort_it_again() -> None:
    """Pages of one query are cut from one order, and a change is in the next page that is asked for."""
    mesh = FakeMesh(fleet_rows(2000, NOW), now=Clock())
    seen = [
        row.target for offset in range(0, 2000, 500) for row in (await mesh.rows(Query(offset=offset, limit=500))).rows
    ]
    assert len(set(seen)) == 2000
    mesh.remove(seen[0])
    assert (await mesh.rows(Query())).total == 1999


async def test_the_demo_has_a_policy_of_every_kind_and_state() -> None:
    """What a console must show of policies is there to be shown."""
    policies = await FakeMesh(now=Clock()).policies()
    assert {each.kind for each in policies} == set(KINDS)
    assert {each.state for each in policies} == {"in force", "dry run", "without effect", "rejected", "pending"}


async def test_the_demo_has_traffic_of_every_outcome_and_an_audit_of_every_kind() -> None:
    """So has it of calls and of what happened."""
    mesh = FakeMesh(now=Clock())
    assert {pair.outcome for pair in (await mesh.traffic(TrafficQuery())).pairs} == set(Outcome)
    await performed(mesh, Rotate(targets=(HTTPBIN,)))
    kinds = {entry.kind for entry in await mesh.audit(AuditQuery())}
    assert kinds == {"issued", "refused", "configuration", "denied", "operator"}


@pytest.mark.parametrize(
    ("source", "destination", "request_line", "allowed", "policy"),
    [
        ("prod/sleep", "prod/httpbin", "GET /get", True, "AuthorizationPolicy prod/httpbin"),
        ("prod/sleep", "prod/httpbin", "GET /status/418", False, ""),
        ("prod/sleep", "prod/httpbin", "POST /get", False, ""),
        ("istio-system/ingressgateway", "prod/httpbin", "POST /x", True, "AuthorizationPolicy prod/httpbin"),
        ("batch/loader", "payments/checkout", "GET /", False, "AuthorizationPolicy payments/not-from-batch"),
        ("prod/sleep", "payments/ledger", "GET /", False, "DestinationRule payments/ledger-plaintext"),
        ("prod/sleep", "istio-system/ingressgateway", "GET /", True, ""),
    ],
)
async def test_its_answers_follow_from_its_policies(
    source: str, destination: str, request_line: str, allowed: bool, policy: str
) -> None:
    """Who is allowed what, and by which policy."""
    method, path = request_line.split()
    question = AccessQuestion(
        source=f"workload/{source}", destination=f"workload/{destination}", method=method, path=path
    )
    answer = await FakeMesh(now=Clock()).explain(question)
    assert (answer.allowed, answer.policy) == (allowed, policy)


async def test_its_traffic_agrees_with_its_answers() -> None:
    """No pair was answered that may not call, none was denied that may."""
    mesh = FakeMesh(now=Clock())
    for pair in (await mesh.traffic(TrafficQuery())).pairs:
        method, _, rest = pair.last_text.partition(" ")
        question = AccessQuestion(
            source=pair.source_target or "plaintext",
            destination=pair.destination,
            method=method,
            path=f"/{rest.partition('/')[2]}",
        )
        answer = await mesh.explain(question)
        assert answer.allowed == (pair.outcome in (Outcome.OK, Outcome.ERROR)), pair


async def test_watchers_are_told_of_activity() -> None:
    """Each change of policies, traffic or audit is one event, its number growing."""
    mesh = FakeMesh(now=Clock())
    events, first = await subscribed(mesh)
    mesh.stir()
    mesh.set_traffic(Traffic(since=NOW, pairs=(), denied=()))
    assert [await first, await anext(events)] == [ActivityChanged(revision=1), ActivityChanged(revision=2)]
    assert (await mesh.traffic(TrafficQuery())).pairs == ()
