"""A configuration that reading lets through and a real Envoy refuses: told of the workload and of the manifest that
caused it, while what was there before stays in force."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.policies import policy_rows
from meshtui.backends.embedded.views import all_findings, findings_of
from meshtui.findings import Finding
from meshtui.manifest.documents import parse
from meshtui.manifest.model import ObjectKey, VirtualService
from meshtui.manifest.policy_model import AuthorizationPolicy, RequestTo, Rule
from tests.manifest.policy_writing import authorization_policy, operation
from tests.manifest.writing import to, virtual_service
from tests.xds.live import Unix, ask, until

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEADLINE = 15.0
HTTPBIN = {"matchLabels": {"app": "httpbin"}}
SLEEP = "workload/prod/sleep"
GOOD = ObjectKey(VirtualService.kind, "prod", "good")
BAD = ObjectKey(VirtualService.kind, "prod", "bad")
TOO_OFTEN = "/a{1001}"
"""RE2 repeats at most a thousand times; Python's expressions, by which manifests are read, any number."""


def routes(key: ObjectKey, host: str, regex: str) -> dict[str, Any]:
    """Paths of one host that lead to httpbin."""
    route = to("httpbin.prod.svc.cluster.local", 8000, match=[{"uri": {"regex": regex}}])
    return virtual_service(key.name, route, hosts=(host,), gateways=("mesh",))


async def apply(core: MeshCore, *documents: dict[str, Any]) -> None:
    await core.apply(parse("\n---\n".join(map(json.dumps, documents)), "test"))


def told(core: MeshCore, code: str) -> list[Finding]:
    return [each for each in findings_of(core, SLEEP, core.clock()) if each.code == code]


async def wait(core: MeshCore, condition: Callable[[], bool]) -> None:
    assert await core._pulse.until(condition, DEADLINE)


def states(core: MeshCore) -> dict[str, str]:
    deliveries = {each.target: each.proxy.delivery for each in core.workloads.values() if each.proxy is not None}
    rows = policy_rows(core.catalog, deliveries, {}, envoys=True)
    return {each.name: each.state for each in rows if each.kind == "AuthorizationPolicy"}


async def status(core: MeshCore, host: str, path: str) -> int:
    outbound = core.workloads[SLEEP].outbound
    assert outbound is not None
    return (await ask(Unix(outbound, host), path)).status


async def test_a_refused_route_is_told_of_its_manifest(core: MeshCore) -> None:
    """The one that changed is named, not those that stand beside it; the routes that were there still lead on."""
    await apply(core, routes(GOOD, "good.example", "/status/.*"))

    async def leads() -> bool:
        return await status(core, "good.example", "/status/418") == 418

    await until(leads)
    await apply(core, routes(BAD, "bad.example", TOO_OFTEN))
    await wait(core, lambda: bool(told(core, "proxy-rejected")))
    (proxy,) = told(core, "proxy-rejected")
    assert proxy.affects == (str(BAD),)
    assert str(BAD) in proxy.text
    assert "repetition" in proxy.text
    (manifest,) = told(core, "manifest-rejected")
    assert manifest.affects == (str(BAD),)
    assert manifest.text.startswith(f"{BAD} is not in force at {SLEEP}, whose Envoy rejected it: ")
    assert await status(core, "good.example", "/status/418") == 418


async def test_two_at_once_are_both_suspected_and_the_mended_one_is_not(core: MeshCore) -> None:
    """What changes while another is refused is not in force either, until the other is mended or gone."""
    await apply(core, routes(GOOD, "good.example", "/status/4.*"))
    await wait(core, lambda: {each.affects for each in told(core, "proxy-rejected")} == {(str(BAD), str(GOOD))})
    assert {each.affects for each in told(core, "manifest-rejected")} == {(str(BAD),), (str(GOOD),)}
    assert await status(core, "good.example", "/status/200") == 200
    await core.remove(BAD)

    async def mended() -> bool:
        return await status(core, "good.example", "/status/200") == 404

    await until(mended)
    await wait(core, lambda: not told(core, "proxy-rejected"))
    assert told(core, "manifest-rejected") == []
    await core.remove(GOOD)


async def test_a_refused_policy_leaves_its_neighbours_in_force(core: MeshCore) -> None:
    """Both are in one filter: the one that was there denies as before, and only the other is rejected."""
    stands = authorization_policy("stands", operation(paths=["/status/403"]), action="DENY", selector=HTTPBIN)
    fails = authorization_policy("fails", operation(paths=["/x"]), action="DENY", selector=HTTPBIN)
    (read,) = parse(json.dumps(fails), "test")
    assert isinstance(read, AuthorizationPolicy)
    # no text of a policy that can be read is too much for RE2: this one stands for one that would be
    too_much = Rule(operations=(RequestTo(paths=("/{*}" * 12_000,)),))

    async def stand(**wanted: str) -> None:
        await wait(core, lambda: states(core) == wanted)

    await apply(core, stands)
    await stand(stands="in force")
    await core.apply([replace(read, rules=(too_much,))])
    await stand(stands="in force", fails="rejected")
    assert await status(core, "httpbin", "/status/403") == 403
    assert await status(core, "httpbin", "/status/418") == 418
    blamed = {each.affects for each in await all_findings(core, core.clock()) if each.code == "manifest-rejected"}
    assert blamed == {("AuthorizationPolicy prod/fails",)}
    await core.remove(ObjectKey("AuthorizationPolicy", "prod", "fails"))
    await stand(stands="in force")
    await core.remove(ObjectKey("AuthorizationPolicy", "prod", "stands"))
