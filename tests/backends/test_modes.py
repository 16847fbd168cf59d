"""What an operator sees of a workload's mTLS mode: in the snapshot, in verify, in findings, and while rotating."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.findings import Check
from meshtui.manifest.model import ObjectKey
from meshtui.mesh.actions import Rotate
from meshtui.mesh.snapshot import Identity
from meshtui.mesh.traffic import TrafficQuery
from meshtui.probe.plaintext import takes_plaintext
from tests.manifest.policy_writing import destination_rule, peer_authentication
from tests.manifest.writing import read
from tests.xds.live import until

pytestmark = pytest.mark.asyncio(loop_scope="module")

HTTPBIN, SLEEP = "workload/prod/httpbin", "workload/prod/sleep"
HOST = "httpbin.prod.svc.cluster.local"


@pytest_asyncio.fixture(loop_scope="module", autouse=True)
async def as_before(core: MeshCore) -> AsyncIterator[None]:
    """Each test leaves the policies of the demo mesh behind."""
    before = core.catalog
    yield
    for item in core.catalog:
        if before.get(item.key) is None:
            await core.remove(item.key)
    await core.apply(read(peer_authentication("default", "STRICT", "istio-system")))


async def mode(core: MeshCore, mode: str) -> None:
    """Of the whole mesh."""
    await core.apply(read(peer_authentication("default", mode, "istio-system")))


async def identity(opened: EmbeddedMesh, target: str) -> Identity:
    return next(each for each in (await opened.snapshot()).identities if each.target == target)


async def checks(opened: EmbeddedMesh, target: str = HTTPBIN) -> dict[str, Check]:
    return {check.name: check for check in (await opened.verify(target)).checks}


async def strangers(opened: EmbeddedMesh) -> int:
    """Calls of httpbin by nobody who is known."""
    seen = await opened.traffic(TrafficQuery())
    return sum(pair.count for pair in seen.pairs if pair.destination == HTTPBIN and not pair.source)


async def test_the_snapshot_has_the_mode_in_force(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Of what takes requests, by the policy that wins; of nothing else."""
    seen = []
    for each in ("STRICT", "PERMISSIVE", "DISABLE"):
        await mode(core, each)
        seen.append((await identity(opened, HTTPBIN)).mtls)
    await core.apply(read(peer_authentication("own", "STRICT", selector={"matchLabels": {"app": "httpbin"}})))
    seen.append((await identity(opened, HTTPBIN)).mtls)
    assert seen == ["STRICT", "PERMISSIVE", "DISABLE", "STRICT"]
    assert (await identity(opened, SLEEP)).mtls == ""


@pytest.mark.parametrize(
    ("mode_of_mesh", "plaintext", "warned"),
    [("STRICT", "refused, by ", False), ("PERMISSIVE", "taken, by ", True), ("DISABLE", "taken, by ", True)],
)
async def test_verify_asks_for_what_the_mode_promises(
    core: MeshCore, opened: EmbeddedMesh, mode_of_mesh: str, plaintext: str, warned: bool
) -> None:
    """Plaintext is refused in STRICT alone, and a warning where it is taken says how to change that.

    None of it is told as a call of anybody; the same of a stranger is.
    """
    await mode(core, mode_of_mesh)
    before = await strangers(opened)
    found = await checks(opened)
    inbound = core.workloads[HTTPBIN].inbound
    assert inbound is not None
    await takes_plaintext(inbound)

    async def told() -> bool:
        return await strangers(opened) > before

    await until(told)
    assert await strangers(opened) == before + 1
    policy = f"the PeerAuthentication istio-system/default ({mode_of_mesh})"
    assert [check for check in found.values() if check.passed is not True] == []
    assert found["plaintext"].seen == plaintext + policy
    assert ("a PeerAuthentication in prod with mtls.mode: STRICT" in found["plaintext"].fix) is warned
    if mode_of_mesh == "DISABLE":
        assert found["TLS handshake"].seen == f"none, by {policy}"
    else:
        assert " presents " in found["TLS handshake"].seen


async def test_what_serves_nobody_does_not_disagree(core: MeshCore, opened: EmbeddedMesh) -> None:
    """With DISABLE everywhere no Envoy presents a certificate: it is held, renewed, and nothing is missing."""
    await mode(core, "DISABLE")
    plan = await opened.plan(Rotate(targets=(HTTPBIN,)))
    (done,) = [each async for each in opened.perform(plan.id) if each.done]
    assert (done.error, done.served) == ("", None)
    found = await identity(opened, HTTPBIN)
    assert (found.disagreement, found.served.certificate, found.served.unknown) == ("", None, "")
    assert found.held.certificate == done.after


async def test_a_client_still_serves_where_its_own_port_is_plaintext(core: MeshCore, opened: EmbeddedMesh) -> None:
    """DISABLE of one workload: it calls others by mTLS, so that its Envoy has the certificate, and takes a new one."""
    await core.apply(read(peer_authentication("own", "DISABLE", selector={"matchLabels": {"app": "httpbin"}})))
    plan = await opened.plan(Rotate(targets=(HTTPBIN,)))
    (done,) = [each async for each in opened.perform(plan.id) if each.done]
    assert (done.error, done.served) == ("", True)
    assert (await identity(opened, HTTPBIN)).served.certificate == done.after
    assert all(check.passed for check in (await checks(opened)).values())


async def test_a_hop_that_cannot_work_is_a_warning(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Both policies and the way out are named; with a DestinationRule that fits, it is gone."""
    await core.apply(read(peer_authentication("own", "DISABLE", selector={"matchLabels": {"app": "httpbin"}})))
    (found,) = [each for each in (await opened.snapshot()).findings if each.code == "hop-broken"]
    assert found.target == HTTPBIN
    for part in ("istio-system/default (STRICT)", "prod/own (DISABLE)", "cannot be called from: istio-system, prod."):
        assert part in found.text
    assert f"Apply a DestinationRule for {HOST}" in found.fix
    await core.apply(read(destination_rule("plain", HOST, "DISABLE")))
    assert [each for each in (await opened.snapshot()).findings if each.code == "hop-broken"] == []


async def test_removing_the_last_policy_is_permissive(core: MeshCore, opened: EmbeddedMesh) -> None:
    """As in Istio; what the detail view says of it names the default."""
    await core.remove(ObjectKey("PeerAuthentication", "istio-system", "default"))
    assert (await identity(opened, HTTPBIN)).mtls == "PERMISSIVE"
    detail = await opened.detail(HTTPBIN)
    assert detail.desired["mTLS"] == "PERMISSIVE, by default"
    assert "the default without any PeerAuthentication" in (await checks(opened))["plaintext"].seen
