"""The embedded mesh when things go wrong around it: it does not lie, does not stop, and loses nothing."""

from __future__ import annotations

import asyncio
import base64
import os
import signal
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime, timedelta
from typing import Any

import grpc
import grpc.aio
import pytest
import yaml
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.gateway_findings import gateway_findings
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.backends.embedded.overviews import Overviews
from meshtui.backends.embedded.performing import Performer
from meshtui.backends.embedded.plans import PlanBook
from meshtui.errors import ManifestError, MeshError, RefusedError
from meshtui.findings import Finding, Severity
from meshtui.identity.keys import key_pem, new_key
from meshtui.manifest.documents import parse, parse_document
from meshtui.manifest.model import ObjectKey, Secret
from meshtui.mesh.actions import Delete, Rotate
from meshtui.mesh.events import RowChanged
from meshtui.mesh.rows import Row
from meshtui.mesh.snapshot import Mark
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest
from meshtui.wire.istio_ca_pb2_grpc import IstioCertificateServiceStub
from tests.identity import forge

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEADLINE = 15.0
HOST = "brought.example.org"
SECRET = ObjectKey("Secret", "istio-system", "brought")
TARGET = "gateway/istio-system/brought"
GATEWAY = f"""
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {{name: brought, namespace: prod}}
spec:
  selector: {{istio: ingressgateway}}
  servers:
    - port: {{number: 443, name: https, protocol: HTTPS}}
      tls: {{mode: SIMPLE, credentialName: brought}}
      hosts: [{HOST}]
"""


def made_elsewhere() -> forge.Pair:
    now = datetime.now(UTC)
    names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    root = forge.ca("elsewhere", start=now - timedelta(days=1), end=now + timedelta(days=9))
    return forge.make([(names, True)], issuer=root, start=now - timedelta(hours=1), end=now + timedelta(days=1))


def secret(pair: forge.Pair, **changes: bytes) -> dict[str, Any]:
    data = {"tls.crt": pair.pem.encode(), "tls.key": key_pem(pair.key)}
    data |= {name.replace("_", "."): value for name, value in changes.items()}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": {"name": SECRET.name, "namespace": SECRET.namespace},
        "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
    }


async def apply(core: MeshCore, *documents: Any) -> None:
    """Let it reach Envoy whatever it is: `core.apply` refuses a pair that is none."""
    async with core._changing:
        objects = tuple(parse_document(each) for each in documents)
        core.desired.catalog = core.catalog.apply(objects)
        core.desired.edge.change(objects)
        await core._reconcile()


async def until(core: MeshCore, condition: Callable[[], bool]) -> None:
    assert await core._pulse.until(condition, DEADLINE)


async def test_what_envoy_refused_is_not_called_served(core: MeshCore) -> None:
    """A key that does not match: Envoy keeps the old pair, the row says why, and the right key mends it."""
    good, other = made_elsewhere(), made_elsewhere()
    await core.apply(parse(GATEWAY, "test"))
    await apply(core, secret(good))

    def row() -> Row | None:
        return core.board.row(TARGET)

    serial = core.credentials[TARGET].facts
    assert serial is not None
    await until(core, lambda: (found := row()) is not None and found.served_serial == serial.serial)
    await apply(core, secret(other, tls_key=key_pem(new_key())))
    await until(core, lambda: "KEY_VALUES_MISMATCH" in core.credentials[TARGET].last_error)
    await until(core, lambda: (found := row()) is not None and "does not match the certificate" in found.last_error)
    refused = row()
    assert refused is not None
    assert refused.truths[3] is Mark.DIFFERS
    assert (refused.served_serial, refused.disagreement) == (serial.serial, "held≠served")
    await apply(core, secret(other))
    held = core.credentials[TARGET].facts
    assert held is not None
    # Envoy presents it a moment before it says that it took it
    mended = (held.serial, "", "")
    await until(
        core,
        lambda: (found := row()) is not None and (found.served_serial, found.last_error, found.disagreement) == mended,
    )


async def test_a_key_that_does_not_match_is_refused_before_it_replaces_anything(core: MeshCore) -> None:
    """By name, with the serial, and nothing is stored."""
    bad = parse_document(secret(made_elsewhere(), tls_key=key_pem(new_key())))
    before = core.catalog.get(SECRET)
    with pytest.raises(ManifestError, match="does not match its certificate"):
        await core.apply([bad])
    assert core.catalog.get(SECRET) == before


async def test_the_older_gateway_keeps_its_host(core: MeshCore) -> None:
    """A newer one that names the same host does not take it over, and a finding says so."""
    newer = GATEWAY.replace("name: brought, namespace: prod", "name: aaa, namespace: istio-system")
    await core.apply(parse(newer.replace(HOST, "httpbin.example.com"), "test"))
    first = next(each for each in core.catalog.bindings() if "httpbin.example.com" in each.server.hosts)
    assert first.gateway.name == "httpbin-gateway"
    conflicts = [each for each in gateway_findings(core, core.clock()) if each.code == "host-conflict"]
    assert [(each.target, "is answered by the Gateway prod/httpbin-gateway" in each.text) for each in conflicts] == [
        (TARGET, True)
    ]
    await core.remove(ObjectKey("Gateway", "istio-system", "aaa"))


async def test_a_refusal_is_forgotten_with_what_was_refused(core: MeshCore) -> None:
    """Deleting the bad Secret and its Gateway leaves no finding behind."""
    await core.apply(parse(GATEWAY, "test"))
    await apply(core, secret(made_elsewhere(), tls_key=key_pem(new_key())))
    proxies = core.proxies(TARGET)
    await until(core, lambda: any(proxy.rejected for proxy in proxies))
    await core.remove(ObjectKey("Gateway", "prod", "brought"))
    await core.remove(SECRET)
    await until(core, lambda: not any(proxy.rejected for proxy in proxies))
    assert TARGET not in core.credentials


async def test_a_brought_certificate_is_not_rotated_and_not_marked_as_failed(
    core: MeshCore, opened: EmbeddedMesh
) -> None:
    """The refusal is of the request; nothing is wrong with the certificate."""
    await core.apply(parse(GATEWAY, "test"))
    await apply(core, secret(made_elsewhere()))
    with pytest.raises(RefusedError, match="was not issued here"):
        await opened.plan(Rotate(targets=(TARGET,)))
    assert core.credentials[TARGET].error == ""


async def test_one_bad_certificate_does_not_stop_the_mesh(core: MeshCore, opened: EmbeddedMesh) -> None:
    """A Secret with a certificate that cannot be read is a row that says so; everything else goes on."""
    await core.apply(parse(GATEWAY, "test"))
    der = made_elsewhere().certificate.public_bytes(Encoding.DER)
    cut = base64.b64encode(der[:-40]).decode()
    pem = f"-----BEGIN CERTIFICATE-----\n{cut}\n-----END CERTIFICATE-----\n".encode()
    await apply(core, secret(made_elsewhere(), tls_crt=pem))
    assert core.credentials[TARGET].broken
    snapshot = await opened.snapshot()
    assert next(each for each in snapshot.gateways if each.target == TARGET).held.unknown
    await core.apply(parse("apiVersion: v1\nkind: Namespace\nmetadata: {name: after}\n", "test"))


async def test_a_secret_that_changed_meanwhile_is_not_overwritten(core: MeshCore) -> None:
    """Whoever applied last stands; a rotation that saw another Secret is told."""
    await core.apply(parse(GATEWAY, "test"))
    await apply(core, secret(made_elsewhere()))
    seen = core.catalog.get(SECRET)
    assert isinstance(seen, Secret)
    newer, new = made_elsewhere(), parse_document(secret(made_elsewhere()))
    assert isinstance(new, Secret)
    await apply(core, secret(newer))
    with pytest.raises(RefusedError, match="changed meanwhile"):
        await core._versions.replace(seen, new)
    await core.remove(SECRET)
    with pytest.raises(RefusedError, match="changed meanwhile"):
        await core._versions.replace(seen, new)
    assert core.catalog.get(SECRET) is None


async def test_applying_the_same_manifest_again_keeps_the_certificate(core: MeshCore) -> None:
    """An issued Secret whose manifest carries no data keeps what was issued."""
    target = "gateway/istio-system/httpbin-credential"
    before = core.credentials[target].facts
    document = core.catalog.get(ObjectKey("Secret", "istio-system", "httpbin-credential"))
    assert document is not None
    empty = {**document.document, "data": {"tls.crt": "", "tls.key": ""}}
    await core.apply([parse_document(empty)])
    assert core.credentials[target].facts == before


async def test_a_target_that_vanished_before_its_turn_fails_by_name(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Two planned, the second deleted meanwhile: the plan no longer fits, and says so."""
    await core.apply(parse(yaml.safe_dump_all(_extra_workload()), "test"))
    await until(core, lambda: core.workloads["workload/prod/extra"].svid is not None)
    plan = await opened.plan(Rotate(targets=("workload/prod/httpbin", "workload/prod/extra")))
    await core.remove(ObjectKey("Deployment", "prod", "extra"))
    with pytest.raises(MeshError, match="extra"):
        await anext(aiter(opened.perform(plan.id)))


async def test_read_only_covers_performing_too(core: MeshCore) -> None:
    """A plan that was made before is not performed by who may only look."""
    plans = PlanBook(core.clock)
    performer = Performer(core, plans)
    writer = EmbeddedMesh(core, plans, performer, "ana")
    reader = EmbeddedMesh(core, plans, performer, "ana", read_only=True)
    plan = await writer.plan(Delete(kind="Namespace", name="after"))
    with pytest.raises(RefusedError, match="read-only"):
        await anext(aiter(reader.perform(plan.id)))


async def test_a_ca_that_dies_is_started_again_at_the_same_address(core: MeshCore) -> None:
    """Agents renew again by themselves."""
    process = core._ca._process
    assert process is not None
    address = str(core.ca_address)
    process.kill()
    await until(core, lambda: not core.ca_health.alive)
    await until(core, lambda: core.ca_health.alive)
    assert str(core.ca_address) == address
    runtime = core.workloads["workload/prod/sleep"]
    before = runtime.identity.secrets.count
    await runtime.rotate(lambda _step, _text: None)
    assert runtime.identity.secrets.count > before


async def test_a_ca_that_cannot_record_is_a_finding_until_it_can(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Its ledger's own sentence and fix stand on the root, from the first that it could not sign for to the next."""
    ledger, aside = core.paths.ledger, core.paths.ledger.with_name("aside.db")
    runtime = core.workloads["workload/prod/sleep"]

    async def told() -> list[Finding]:
        return [each for each in (await opened.snapshot()).findings if each.code == "ca-cannot-record"]

    ledger.rename(aside)
    with pytest.raises(MeshError):
        await runtime.rotate(lambda _step, _text: None)
    await until(core, lambda: core.ca_health.fault is not None)
    (finding,) = await told()
    assert (finding.target, finding.severity) == ("authority/root", Severity.CRITICAL)
    assert f"{ledger.name} is gone" in finding.text
    assert "Put it back" in finding.fix
    assert (await opened.info()).ca_fault == finding.text
    assert finding in (await opened.detail("authority/root")).findings
    aside.rename(ledger)
    await runtime.rotate(lambda _step, _text: None)
    await until(core, lambda: core.ca_health.fault is None)
    assert await told() == []
    assert (await opened.info()).ca_fault == ""


def _extra_workload() -> list[dict[str, Any]]:
    labels = {"app": "extra"}
    metadata = {"name": "extra", "namespace": "prod"}
    pod = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "extra", "image": "example.com/extra"}]}}
    return [
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": metadata,
            "spec": {"selector": {"matchLabels": labels}, "template": pod},
        }
    ]


async def test_strangers_who_are_refused_are_counted_in_the_history(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Three calls with a made-up token are one or two entries that say how many, and why."""
    credentials = grpc.ssl_channel_credentials(core.ca_root.read_bytes())
    async with grpc.aio.secure_channel(str(core.ca_address), credentials) as channel:
        stub = IstioCertificateServiceStub(channel)
        for _ in range(3):
            with pytest.raises(grpc.aio.AioRpcError, match="UNAUTHENTICATED"):
                await stub.CreateCertificate(
                    IstioCertificateRequest(csr="x"), metadata=(("authorization", "Bearer made.up.token"),)
                )
    refused = [entry for entry in await opened.history(limit=50) if entry.kind == "refused"]
    assert any("times, last at" in entry.text for entry in refused)


async def test_the_row_says_that_its_envoy_died_until_it_serves_again(core: MeshCore, opened: EmbeddedMesh) -> None:
    """kill -9: what is served is unknown and the reason stands in the row; then all four truths agree again."""
    target = "workload/prod/sleep"
    proxy = core.workloads[target].proxy
    assert proxy is not None
    seen: list[Row] = []

    async def watch() -> None:
        async with aclosing(opened.watch()) as events:  # type: ignore[type-var]  # it is an async generator
            async for event in events:
                if isinstance(event, RowChanged) and event.row.target == target:
                    seen.append(event.row)  # noqa: PERF401 - the stream has no end, and each row counts at once

    watching = asyncio.create_task(watch())
    await asyncio.sleep(0)  # one turn of the loop: it has begun to watch
    os.kill(proxy._process.status.pid, signal.SIGKILL)
    died = "ended with status -9"
    await until(core, lambda: any(died in row.last_error for row in seen))
    assert {row.truths[3] for row in seen if died in row.last_error} == {Mark.UNKNOWN}
    await until(core, lambda: seen[-1].truths == (Mark.AGREES,) * 4 and seen[-1].last_error == "")
    watching.cancel()


async def test_an_overview_is_made_once_for_all_who_look(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Many consoles cost what one does, and the certificates that the CA issued at the start are counted."""
    first, second = await asyncio.gather(opened.overview(), opened.overview())
    assert first is second
    assert sum(first.rates.issued) >= len(core.workloads)
    assert {each.authority.target for each in first.signers} == core.authorities.keys()


async def test_what_an_earlier_owner_saw_is_counted(core: MeshCore) -> None:
    """Rates do not begin at nothing when the mesh is started again: the ledger has the last hour."""
    overviews = Overviews(core)
    overviews.remember()
    assert sum((await overviews.current()).rates.issued) >= len(core.workloads)
