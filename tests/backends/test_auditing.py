"""The time line of a running mesh: what was issued, refused, configured, denied and done, in one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import grpc.aio
import pytest
from envoy.service.accesslog.v3 import als_pb2_grpc

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.mesh.actions import Apply, Delete, Rotate
from meshtui.mesh.events import ActivityChanged
from meshtui.mesh.rows import HistoryEntry
from meshtui.mesh.traffic import AuditQuery, Outcome, TrafficQuery
from tests.xds.live import DEADLINE, HTTPBIN, SLEEP, Unix, ask

pytestmark = pytest.mark.asyncio(loop_scope="module")

API = "security.istio.io/v1"
DENY = "AuthorizationPolicy prod/nothing"


def policy(path: str = "/headers") -> str:
    """Denies one path of httpbin."""
    spec = {
        "selector": {"matchLabels": {"app": "httpbin"}},
        "action": "DENY",
        "rules": [{"to": [{"operation": {"paths": [path]}}]}],
    }
    metadata = {"name": "nothing", "namespace": "prod"}
    return json.dumps({"apiVersion": API, "kind": "AuthorizationPolicy", "metadata": metadata, "spec": spec})


async def perform(mesh: EmbeddedMesh, action: Any) -> None:
    async for progress in mesh.perform((await mesh.plan(action)).id):
        assert not progress.error


async def until(ask_again: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(DEADLINE):
        while not await ask_again():
            pass


async def denied_call(core: MeshCore) -> None:
    """Let sleep ask httpbin for what a policy denies, until it is denied."""
    outbound = core.workloads[SLEEP].outbound
    assert outbound is not None

    async def is_denied() -> bool:
        return (await ask(Unix(outbound, "httpbin.prod"), "/headers?who=me")).status == 403

    await until(is_denied)


async def told(mesh: EmbeddedMesh, query: AuditQuery) -> list[HistoryEntry]:
    """The entries, when there are some."""
    found: list[HistoryEntry] = []

    async def are_there() -> bool:
        found[:] = await mesh.audit(query)
        return bool(found)

    await until(are_there)
    return found


async def test_everything_that_happened_is_one_time_line(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Issued by the CA, configured and done by somebody, denied by a policy: newest first."""
    await perform(opened, Apply(text=policy(), source="test"))
    await denied_call(core)
    await perform(opened, Rotate(targets=(SLEEP,)))
    await told(opened, AuditQuery(kinds=("denied",)))
    entries = await opened.audit(AuditQuery())
    assert {"issued", "configuration", "denied", "operator"} == {each.kind for each in entries}
    assert sorted((each.at for each in entries), reverse=True) == [each.at for each in entries]
    issued = next(each for each in entries if each.kind == "issued" and each.target == SLEEP)
    denial = next(each for each in entries if each.kind == "denied")
    assert (denial.target, denial.outcome, denial.policy) == (HTTPBIN, "denied", DENY)
    assert issued.actor == denial.actor == "spiffe://cluster.local/ns/prod/sa/sleep"
    assert f"GET httpbin.prod/headers: 403, {DENY}" == denial.text


async def test_change_says_who_made_it_and_what_it_was(opened: EmbeddedMesh) -> None:
    """Made, replaced with both values, removed; what is applied as it is already is no change."""
    await perform(opened, Apply(text=policy("/first"), source="test"))
    await perform(opened, Apply(text=policy("/second"), source="test"))
    # nothing happens
    await perform(opened, Apply(text=policy("/second"), source="test"))
    await perform(opened, Delete(kind="AuthorizationPolicy", name="nothing", namespace="prod"))
    removed, replaced, made, *_ = await opened.audit(AuditQuery(kinds=("configuration",), target=DENY))
    assert (replaced.actor, replaced.outcome) == ("somebody", "ok")
    assert replaced.text == "apply: replace, spec.rules[0].to[0].operation.paths[0]: /first → /second"
    assert removed.text.startswith("delete")
    assert made.text != replaced.text


async def test_time_line_can_be_narrowed(core: MeshCore, opened: EmbeddedMesh) -> None:
    """By words, kind, target, time and number."""
    await perform(opened, Apply(text=policy(), source="test"))
    await denied_call(core)
    denials = await told(opened, AuditQuery(kinds=("denied",), filter="headers nothing"))
    assert {"denied"} == {each.kind for each in denials}
    assert await opened.audit(AuditQuery(kinds=("denied",), filter="headers !nothing")) == []
    of_sleep = await opened.audit(AuditQuery(target=SLEEP))
    assert {"issued", "denied"} <= {each.kind for each in of_sleep}
    by_name = await opened.audit(AuditQuery(target="spiffe://cluster.local/ns/prod/sa/sleep"))
    assert of_sleep == by_name
    assert len(await opened.audit(AuditQuery(limit=1))) == 1
    assert await opened.audit(AuditQuery(since=core.clock() + timedelta(hours=1))) == []
    begun = denials[-1].at
    assert all(each.at >= begun for each in await opened.audit(AuditQuery(since=begun)))


async def test_traffic_is_told_and_those_who_watch_hear_of_it(core: MeshCore, opened: EmbeddedMesh) -> None:
    """The pair, its policy and the denied call; an event that says to look again."""
    await perform(opened, Apply(text=policy(), source="test"))
    watching = opened.watch()

    async def hear() -> ActivityChanged:
        async for event in watching:
            if isinstance(event, ActivityChanged):
                return event
        raise AssertionError

    hearing = asyncio.create_task(hear())
    await denied_call(core)
    async with asyncio.timeout(DEADLINE):
        await hearing

    async def is_told() -> bool:
        traffic = await opened.traffic(TrafficQuery(filter="httpbin sleep", denied_only=True))
        return any(pair.policy == DENY and pair.outcome is Outcome.DENIED for pair in traffic.pairs) and any(
            call.path == "/headers" for call in traffic.denied
        )

    await until(is_told)


async def test_other_sockets_take_no_logs(core: MeshCore) -> None:
    """An agent's socket gives secrets and takes nothing: nobody can invent calls over it."""
    socket = core.workloads[SLEEP].sds_socket
    async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
        with pytest.raises(grpc.aio.AioRpcError) as raised:
            await als_pb2_grpc.AccessLogServiceStub(channel).StreamAccessLogs(iter(()))
    assert grpc.StatusCode.UNIMPLEMENTED is raised.value.code()
