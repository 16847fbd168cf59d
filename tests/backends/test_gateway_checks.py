"""A gateway of the embedded mesh, verified through its real Envoy, and by hand with curl and openssl."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.following import example_name
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.findings import Check, Verification
from meshtui.identity.keys import key_pem
from meshtui.manifest.documents import parse_document
from meshtui.manifest.model import ObjectKey
from meshtui.mesh.caller import ANYBODY, Caller
from meshtui.probe.tls import until_presented
from tests.identity import forge
from tests.identity.forge import Pair
from tests.probe.servers import DAY, leaf, new_root, written

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEMO = "gateway/istio-system/httpbin-credential"
NAME = "checked"
TARGET = f"gateway/istio-system/{NAME}"
HOST = "checked.example.org"
SECRET = ObjectKey("Secret", "istio-system", NAME)
GATEWAY = ObjectKey("Gateway", "prod", NAME)
DEADLINE = 20.0
ROOT, CLIENTS = new_root("elsewhere"), new_root("clients")
OF_THE_SECRET = ["chain", "lifetime", "key matches", "hosts covered"]
OF_AN_ENDPOINT = ["TCP", "TLS", "old TLS", "SNI", "chain", "host", "serial", "days left", "without client cert", "HTTP"]


def gateway(*hosts: str, mode: str = "SIMPLE") -> Any:
    server = {
        "port": {"number": 443, "name": "https", "protocol": "HTTPS"},
        "tls": {"mode": mode, "credentialName": NAME},
        "hosts": list(hosts),
    }
    return parse_document(
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "Gateway",
            "metadata": {"name": NAME, "namespace": "prod"},
            "spec": {"selector": {"istio": "ingressgateway"}, "servers": [server]},
        }
    )


def secret(pair: Pair, more: Mapping[str, bytes] | None = None) -> Any:
    data = {"tls.crt": pair.pem.encode(), "tls.key": key_pem(pair.key), **(more or {})}
    return parse_document(
        {
            "apiVersion": "v1",
            "kind": "Secret",
            "type": "kubernetes.io/tls",
            "metadata": {"name": NAME, "namespace": "istio-system"},
            "data": {name: base64.b64encode(value).decode() for name, value in data.items()},
        }
    )


@pytest_asyncio.fixture(loop_scope="module")
async def applied(core: MeshCore) -> Any:
    """Applies objects and waits until Envoy serves the Secret; takes them away at the end."""

    async def apply(*objects: Any) -> None:
        await core.apply(objects)
        runtime = core.credentials[TARGET]

        assert runtime.facts is not None

        def served() -> bool:
            truth = runtime.served
            return truth is not None and truth.certificate == runtime.facts

        assert await core._pulse.until(served, DEADLINE)
        # the listener that presents it may come a moment after it
        for host, address in core.endpoints(TARGET):
            await until_presented(address, example_name(host), runtime.facts.sha256, DEADLINE)

    yield apply
    for key in (GATEWAY, SECRET):
        if core.catalog.get(key) is not None:
            await core.remove(key)


async def run(command: str) -> int:
    process = await asyncio.create_subprocess_shell(
        command, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )
    async with asyncio.timeout(DEADLINE):
        return await process.wait()


def as_client(directory: Path, issuer: Pair) -> Caller:
    pair = leaf(issuer, "client")
    file = str(written(directory / "client.pem", pair, key=True))
    roots = str(written(directory / "roots.pem", ROOT))
    return Caller(
        roots_pem=ROOT.pem,
        roots_file=roots,
        certificate_pem=pair.pem,
        key_pem=key_pem(pair.key).decode(),
        certificate_file=file,
        key_file=file,
    )


def endpoint(verification: Verification) -> dict[str, Check]:
    return {check.name: check for check in verification.checks if check.address}


async def test_the_secret_then_every_endpoint(core: MeshCore, opened: EmbeddedMesh) -> None:
    """All pass, in order, each endpoint named; and curl and openssl agree."""
    found = await opened.verify(DEMO)
    assert [check.name for check in found.checks] == [*OF_THE_SECRET, "ledger", "Envoy serves it", *OF_AN_ENDPOINT]
    assert found.passed
    ((host, address),) = core.endpoints(DEMO)
    assert {(check.host, check.address) for check in endpoint(found).values()} == {(host, str(address))}
    assert endpoint(found)["serial"].seen.endswith(", as in the Secret and Envoy")
    assert [await run(command) for command in found.by_hand] == [0, 0]


async def test_the_lifetime_is_that_of_the_mesh(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Ninety days, not the back-dated ones."""
    assert "of 90 days" in endpoint(await opened.verify(DEMO))["days left"].seen


async def test_a_certificate_from_elsewhere_needs_its_root(applied: Any, opened: EmbeddedMesh, tmp_path: Path) -> None:
    """Open without one, judged with one: right or wrong."""
    await applied(secret(leaf(ROOT, HOST)), gateway(HOST))
    without = await opened.verify(TARGET)
    root = Caller(roots_pem=ROOT.pem, roots_file=str(written(tmp_path / "root.pem", ROOT)))
    with_it = await opened.verify(TARGET, root)
    wrong = await opened.verify(TARGET, Caller(roots_pem=CLIENTS.pem, roots_file="wrong.pem"))
    assert endpoint(without)["chain"].passed is None
    assert "--ca FILE" in endpoint(without)["chain"].fix
    assert not without.passed
    assert all(check.passed for check in endpoint(with_it).values())
    assert endpoint(wrong)["chain"].passed is False
    assert [await run(command) for command in with_it.by_hand] == [0, 0]


async def test_mutual_refuses_strangers_and_takes_its_clients(
    applied: Any, opened: EmbeddedMesh, tmp_path: Path
) -> None:
    """Through Envoy; by hand too. What lies behind is open as long as no client certificate is given."""
    await applied(secret(leaf(ROOT, HOST), {"ca.crt": CLIENTS.pem.encode()}), gateway(HOST, mode="MUTUAL"))
    anybody = endpoint(await opened.verify(TARGET, ANYBODY))
    assert anybody["without client cert"].passed is True
    assert (anybody["with client cert"].passed, anybody["HTTP"].passed) == (None, None)
    assert "--client-cert" in anybody["with client cert"].fix
    trusted = await opened.verify(TARGET, as_client(tmp_path, CLIENTS))
    assert {name: check.passed for name, check in endpoint(trusted).items() if not check.passed} == {}
    with_it, without_it, openssl = [await run(command) for command in trusted.by_hand]
    assert (with_it, without_it != 0, openssl) == (0, True, 0)
    stranger = await opened.verify(TARGET, as_client(tmp_path, new_root("strangers")))
    assert endpoint(stranger)["with client cert"].passed is False
    assert (await run(stranger.by_hand[0])) != 0


async def test_a_wildcard_is_asked_for_by_a_name_below_it(applied: Any, opened: EmbeddedMesh) -> None:
    """And every host of the Gateway by itself."""
    await applied(secret(leaf(ROOT, HOST, "*.checked.example.org")), gateway(HOST, "*.checked.example.org"))
    found = await opened.verify(TARGET)
    assert {check.host for check in found.checks if check.address} == {HOST, f"any.{HOST}"}
    assert {check.passed for check in found.checks if check.name == "host"} == {True}


async def test_a_gateway_for_every_host_is_asked_for_one_that_its_certificate_has(
    applied: Any, opened: EmbeddedMesh
) -> None:
    """There is no name to be asked for otherwise."""
    await applied(secret(leaf(ROOT, HOST)), gateway("*"))
    found = endpoint(await opened.verify(TARGET))
    assert {check.host for check in found.values()} == {HOST}
    assert (found["host"].passed, found["HTTP"].passed) == (True, True)


async def test_what_is_expired_or_for_another_host_fails_on_the_wire(applied: Any, opened: EmbeddedMesh) -> None:
    """Envoy serves it all the same, as Istio lets it."""
    await applied(secret(leaf(ROOT, "other.example.org", start=-9 * DAY, end=-1 * DAY)), gateway(HOST))
    verification = await opened.verify(TARGET, Caller(roots_pem=ROOT.pem, roots_file="root.pem"))
    found = endpoint(verification)
    assert [name for name, check in found.items() if not check.passed] == ["chain", "host", "days left"]
    (covered,) = [check for check in verification.checks if check.name == "hosts covered"]
    assert covered.fix.startswith(f"meshtui rotate {TARGET} --host other.example.org --host {HOST}")


async def test_a_staple_is_asked_for_where_the_secret_has_one(applied: Any, opened: EmbeddedMesh) -> None:
    """One that is good passes; of one that has expired Envoy sends nothing, and that is a failure."""
    await applied(secret(leaf(ROOT, HOST)), gateway(HOST))
    assert "OCSP staple" not in endpoint(await opened.verify(TARGET))
    now = datetime.now(UTC)
    for end, passed in ((now + timedelta(hours=1), True), (now - timedelta(hours=1), False)):
        pair = leaf(ROOT, HOST)
        staple = forge.ocsp_response(ROOT, pair, now=now, end=end)
        await applied(secret(pair, {"tls.ocsp-staple": staple}), gateway(HOST))
        assert endpoint(await opened.verify(TARGET))["OCSP staple"].passed is passed


async def test_a_secret_that_envoy_did_not_take_is_told_by_its_serial(
    core: MeshCore, applied: Any, opened: EmbeddedMesh
) -> None:
    """The wire presents the one before."""
    before, after = leaf(ROOT, HOST), leaf(ROOT, HOST)
    await applied(secret(before), gateway(HOST))
    broken = secret(after, {"tls.key": key_pem(before.key)})
    async with core._changing:
        core.desired.catalog = core.desired.catalog.apply((broken,))  # past what `apply` refuses
        await core._reconcile()
    assert await core._pulse.until(lambda: any(each.rejected for each in core.proxies(TARGET)), DEADLINE)
    found = await opened.verify(TARGET)
    serials = [f"{pair.certificate.serial_number:x}" for pair in (before, after)]
    assert endpoint(found)["serial"].passed is False
    assert all(serial in endpoint(found)["serial"].seen for serial in serials)
    (words,) = [check for check in found.checks if check.name == "Envoy's own words"]
    assert "KEY_VALUES_MISMATCH" in words.seen
