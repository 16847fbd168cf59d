"""An RSA and an ECDSA certificate of one server in the embedded mesh: each issued, rotated and verified by itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from meshtui.backends.embedded.checks import verify
from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.errors import ManifestError
from meshtui.manifest.documents import parse_document
from meshtui.mesh.actions import Apply
from meshtui.probe.tls import Address, seen
from tests.identity import forge
from tests.manifest.secrets import INGRESS, tls_secret
from tests.manifest.writing import document, gateway, https

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEADLINE = 15.0
HOST = "two.example.com"
RSA, ECDSA = "gateway/istio-system/two-rsa", "gateway/istio-system/two-ecdsa"


def brought() -> forge.Pair:
    now = datetime.now(UTC)
    valid: dict[str, Any] = {"start": now - timedelta(hours=1), "end": now + timedelta(days=1)}
    return forge.server(forge.ca("elsewhere", **valid), HOST, key=forge.rsa_key(), **valid)


def two(**tls: Any) -> dict[str, Any]:
    server = https(HOST, credentialNames=["two-rsa", "two-ecdsa"], **tls)
    del server["tls"]["credentialName"]
    return gateway("two", server)


def issued_here(name: str) -> dict[str, Any]:
    empty = document("Secret", name, INGRESS, type="kubernetes.io/tls")
    empty["metadata"]["annotations"] = {"meshtui.io/issuer": "example.com"}
    return empty


async def until(core: MeshCore, condition: Callable[[], bool]) -> None:
    assert await core._pulse.until(condition, DEADLINE)


async def apply(core: MeshCore, *documents: dict[str, Any]) -> None:
    await core.apply([parse_document(each) for each in documents])


def in_service(core: MeshCore, target: str) -> bool:
    """Whether what the Secret has is what Envoy has."""
    runtime = core.credentials[target]
    served = runtime.served
    return runtime.facts is not None and served is not None and served.certificate == runtime.facts


async def test_each_is_followed_to_the_wire_by_itself(core: MeshCore) -> None:
    """Both are in service, each is probed as those clients do that get it, and one is rotated without the other."""
    await apply(core, tls_secret("two-rsa", brought()), issued_here("two-ecdsa"), two())
    await until(core, lambda: in_service(core, RSA) and in_service(core, ECDSA))
    (host, asked), (same, plain) = *core.endpoints(RSA), *core.endpoints(ECDSA)
    assert (host, same) == (HOST, HOST)
    assert (asked.rsa_only, plain.rsa_only) == (True, False)
    before = core.credentials[RSA].facts
    old, new, served = await core.credentials[ECDSA].rotate(lambda _step, _text: None, "test")
    assert served
    assert old is not None
    assert old.serial != new.serial
    await until(core, lambda: in_service(core, RSA) and in_service(core, ECDSA))
    assert core.credentials[RSA].facts == before
    assert (await seen(plain, HOST)).facts.serial == new.serial
    assert before is not None
    assert (await seen(asked, HOST)).facts.serial == before.serial


@pytest.mark.parametrize("target", [RSA, ECDSA])
async def test_each_is_verified_on_the_wire(core: MeshCore, target: str) -> None:
    """Neither is blamed for what the other presents."""
    await apply(core, tls_secret("two-rsa", brought()), issued_here("two-ecdsa"), two())
    await until(core, lambda: in_service(core, RSA) and in_service(core, ECDSA))
    verification = await verify(core, target)
    checks = {check.name: check.passed for check in verification.checks}
    assert False not in checks.values()
    assert checks["serial"] is True


async def test_what_no_client_of_ours_can_see_is_not_probed(core: MeshCore) -> None:
    """Python cannot ask for RSA in TLS 1.3, nor see a certificate in TLS 1.2 of a server that demands one first."""
    await apply(core, tls_secret("two-rsa", brought()), issued_here("two-ecdsa"), two(minProtocolVersion="TLSV1_3"))
    assert core.endpoints(RSA) == []
    assert [host for host, _ in core.endpoints(ECDSA)] == [HOST]
    await apply(core, two(mode="MUTUAL"))
    assert core.endpoints(RSA) == []
    assert [host for host, _ in core.endpoints(ECDSA)] == [HOST]
    await apply(core, two(mode="MUTUAL", maxProtocolVersion="TLSV1_2"))
    assert core.endpoints(ECDSA) == []
    await apply(core, two(cipherSuites=["ECDHE-ECDSA-AES128-GCM-SHA256"]))
    assert core.endpoints(RSA) == []
    await apply(core, two(cipherSuites=["ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256"]))
    assert [address.rsa_only for _, address in core.endpoints(RSA)] == [True]


async def test_a_second_certificate_of_one_kind_is_never_presented(core: MeshCore) -> None:
    """It is issued and rotated all the same, and not looked for on the wire in vain."""
    await apply(core, issued_here("two-rsa-2"), issued_here("two-ecdsa"))
    server = https(HOST, credentialNames=["two-ecdsa", "two-rsa-2"])
    del server["tls"]["credentialName"]
    await apply(core, gateway("two", server))
    second = "gateway/istio-system/two-rsa-2"
    await until(core, lambda: in_service(core, second) and in_service(core, ECDSA))
    assert core.endpoints(second) == []
    _, new, served = await core.credentials[second].rotate(lambda _step, _text: None, "test")
    assert served
    (_, address), *_ = core.endpoints(ECDSA)
    assert (await seen(Address("127.0.0.1", address.port), HOST)).facts.serial != new.serial


async def test_what_is_refused_is_refused_in_the_plan_and_when_it_is_applied(
    core: MeshCore, opened: EmbeddedMesh
) -> None:
    """The same sentences, and nothing is changed."""
    written = gateway("passing", https("passing.example.com", mode="PASSTHROUGH"))
    before = core.catalog
    with pytest.raises(ManifestError, match="PASSTHROUGH is valid in Istio but not supported here") as planned:
        await opened.plan(Apply(text=json.dumps(written), source="test"))
    with pytest.raises(ManifestError) as applied:
        await apply(core, written)
    assert planned.value.problems == applied.value.problems
    assert core.catalog is before
