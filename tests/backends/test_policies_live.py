"""Policies of a real mesh: applied, in force, rejected, and gone."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import aclosing
from pathlib import Path

import pytest
import yaml
from google.protobuf import duration_pb2

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.backends.embedded.policies import policy_rows
from meshtui.errors import ManifestError
from meshtui.manifest.documents import parse_document
from meshtui.manifest.model import ObjectKey
from meshtui.mesh.access import PolicyRow
from meshtui.mesh.actions import Apply, Delete
from meshtui.mesh.events import ActivityChanged
from meshtui.wire.discovery import EXTENSION, Resource
from meshtui.xds.extensions import DENY, extension
from tests.manifest.policy_writing import (
    authorization_policy,
    destination_rule,
    jwt_rule,
    operation,
    peer_authentication,
    request_authentication,
    source,
    when,
)

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEADLINE = 15.0
DEFAULT = "PeerAuthentication istio-system/default"
KEY = ObjectKey("AuthorizationPolicy", "prod", "no-secrets")
TARGET = "workload/prod/httpbin"
HTTPBIN = {"matchLabels": {"app": "httpbin"}}
WRITTEN = authorization_policy(KEY.name, operation(paths=["/secret*"]), action="DENY", selector=HTTPBIN)


def row(core: MeshCore, policy: str = str(KEY)) -> PolicyRow | None:
    """As the mesh tells it now."""
    deliveries = {each.target: each.proxy.delivery for each in core.workloads.values() if each.proxy is not None}
    rows = policy_rows(core.catalog, deliveries, {}, envoys=True)
    return next((each for each in rows if each.policy == policy), None)


async def until(core: MeshCore, condition: Callable[[], bool]) -> None:
    assert await core._pulse.until(condition, DEADLINE)


def stands(core: MeshCore, state: str, policy: str = str(KEY)) -> Callable[[], bool]:
    return lambda: (found := row(core, policy)) is not None and found.state == state


async def test_a_policy_is_in_force_when_its_proxy_says_so(core: MeshCore, opened: EmbeddedMesh) -> None:
    """And no longer there when it is deleted; the demo mesh begins with its own in force."""
    await until(core, stands(core, "in force", DEFAULT))
    await core.apply([parse_document(WRITTEN)])
    await until(core, stands(core, "in force"))
    assert [(each.policy, each.says) for each in await opened.policies()] == [
        (str(KEY), "DENY 1 rule"),
        (DEFAULT, "STRICT"),
    ]
    await core.remove(KEY)
    assert row(core) is None


async def test_calls_that_a_policy_decided_are_counted(core: MeshCore, opened: EmbeddedMesh) -> None:
    """At the proxy that asked it, as its access log tells."""
    await core.apply([parse_document(WRITTEN)])
    await until(core, stands(core, "in force"))
    outbound = core.workloads["workload/prod/sleep"].outbound
    assert outbound is not None
    decided: dict[str, int] = {}
    async with asyncio.timeout(DEADLINE), aclosing(core.board.watch()) as events:
        answered = asyncio.create_task(_first_line(outbound, "/secret"))
        while not decided.get(str(KEY)):
            await anext(events)
            decided = {each.policy: each.decisions for each in await opened.policies()}
        assert "403" in await answered
    assert decided == {str(KEY): 1, DEFAULT: 0}
    await core.remove(KEY)


async def _first_line(outbound: Path, path: str) -> str:
    """Of the answer that sleep gets from httpbin."""
    reader, writer = await asyncio.open_unix_connection(outbound)
    writer.write(f"GET {path} HTTP/1.1\r\nHost: httpbin.prod:8000\r\nConnection: close\r\n\r\n".encode())
    line = await reader.readline()
    writer.close()
    return line.decode()


async def test_who_watches_hears_when_a_policy_is_in_force(core: MeshCore) -> None:
    """Without asking again and again."""
    async with asyncio.timeout(DEADLINE), aclosing(core.board.watch()) as events:
        await core.apply([parse_document(WRITTEN)])
        async for event in events:
            if isinstance(event, ActivityChanged) and stands(core, "in force")():
                break
    await core.remove(KEY)


async def test_what_envoy_rejects_is_told_of_the_policy(core: MeshCore) -> None:
    """In its own words, until it gets something that it takes."""
    await core.apply([parse_document(WRITTEN)])
    await until(core, stands(core, "in force"))
    proxy = core.workloads[TARGET].proxy
    assert proxy is not None
    good = proxy._acknowledged._world
    broken = Resource("broken", extension(DENY, duration_pb2.Duration()))
    proxy.publish({**good, EXTENSION: {**good[EXTENSION], DENY: broken}})
    await until(core, stands(core, "rejected"))
    found = row(core)
    assert found is not None
    assert found.problem.startswith(f"The Envoy of {TARGET} rejected it: ")
    assert "Duration" in found.problem
    proxy.publish(good)
    await until(core, stands(core, "in force"))
    await core.remove(KEY)


async def test_a_mesh_begins_strict(core: MeshCore) -> None:
    """The demo mesh says so itself, and what it says is stored."""
    (stored,) = (each for each in core.desired.documents() if each["kind"] == "PeerAuthentication")
    assert stored["spec"] == {"mtls": {"mode": "STRICT"}}


async def test_what_get_shows_of_policies_can_be_applied_and_changes_nothing(
    core: MeshCore, opened: EmbeddedMesh
) -> None:
    """Of every kind, field by field, keys of tokens included."""
    written = (
        peer_authentication("again", "STRICT", selector=HTTPBIN, portLevelMtls={"8080": {"mode": "PERMISSIVE"}}),
        authorization_policy(
            "again", {**source(principals=["*"]), **when("request.headers[X-A]", "*")}, dry_run="true"
        ),
        request_authentication("again", jwt_rule(fromParams=["token"]), selector=HTTPBIN),
        destination_rule("again", "httpbin", "ISTIO_MUTUAL"),
    )
    text = "\n---\n".join(map(json.dumps, written))
    plan = await opened.plan(Apply(text=text))
    assert [step.text for step in plan.steps] == ["create"] * 4
    assert [progress async for progress in opened.perform(plan.id)][-1].done
    shown = [(await opened.get(kind, "again", "prod"))[0] for kind in ("pa", "ap", "ra", "dr")]
    again = await opened.plan(Apply(text=yaml.safe_dump_all(shown)))
    assert [step.text for step in again.steps] == ["unchanged"] * 4
    assert {each.name: each.state for each in await opened.policies()}["again"] != "without effect"
    for document in written:
        await core.remove(ObjectKey(document["kind"], "prod", "again"))
    assert [each.policy for each in await opened.policies()] == [DEFAULT]


async def test_a_plan_refuses_and_warns(opened: EmbeddedMesh) -> None:
    """What sidecars cannot enforce changes nothing; what has no effect is said, and done."""
    with pytest.raises(ManifestError, match=r"use remoteIpBlocks"):
        await opened.plan(Apply(text=json.dumps(authorization_policy("no", source(ipBlocks=["10.0.0.0/8"])))))
    plan = await opened.plan(Apply(text=json.dumps(destination_rule("far", "nobody", "DISABLE"))))
    assert plan.warnings == ("DestinationRule prod/far: there is no Service nobody.prod.svc.cluster.local",)


async def test_a_plan_says_who_becomes_weaker(opened: EmbeddedMesh) -> None:
    """Before it is done, whether by a delete or by an apply."""
    deleted = await opened.plan(Delete(kind="pa", name="default", namespace="istio-system"))
    weaker = "mTLS goes from STRICT to PERMISSIVE, by {}: workload/prod/httpbin, workload/prod/sleep."
    assert deleted.effects == (weaker.format("Istio's default"),)
    applied = await opened.plan(Apply(text=json.dumps(peer_authentication("weak", "PERMISSIVE"))))
    assert applied.effects == (weaker.format("the PeerAuthentication prod/weak"),)
