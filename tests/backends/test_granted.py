"""A workload whose manifest grants its agent more than its own identity: several key pairs, watched at once."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import pytest
import yaml
from envoy.extensions.transport_sockets.tls.v3 import secret_pb2
from envoy.service.discovery.v3 import discovery_pb2
from envoy.service.secret.v3 import sds_pb2_grpc

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.identity.inspect import facts, load_certificates
from meshtui.manifest.documents import parse
from meshtui.mesh.snapshot import Identity
from meshtui.wire.discovery import SECRET
from tests.identity import forge

pytestmark = pytest.mark.asyncio(loop_scope="module")

DEADLINE = 15.0
TARGET = "workload/prod/two-faced"
OWN = "spiffe://cluster.local/ns/prod/sa/two-faced"
AUDITOR = "spiffe://cluster.local/ns/prod/sa/auditor"
PARTNER = "kubernetes://prod/partner-cacert"
ACCOUNTS = """
apiVersion: v1
kind: ServiceAccount
metadata: {name: two-faced, namespace: prod}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: auditor, namespace: prod}
"""
WORKLOAD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: two-faced, namespace: prod}
spec:
  selector: {matchLabels: {app: two-faced}}
  template:
    metadata:
      labels: {app: two-faced}
      annotations:
        meshtui.io/identities: ACCOUNT=RSA 2048
        meshtui.io/bundles: partner
    spec:
      serviceAccountName: two-faced
      containers: [{name: main, image: example.com/two-faced}]
"""


class Watcher:
    """One SDS stream that asks for everything at once and remembers the newest of each name."""

    def __init__(self) -> None:
        self.secrets: dict[str, Any] = {}
        self.heard = asyncio.Event()
        self._requests: asyncio.Queue[Any] = asyncio.Queue()

    async def watch(self, socket: str) -> None:
        """Until cancelled."""
        names = ["default", "ROOTCA", OWN, AUDITOR, PARTNER]

        async def requests() -> AsyncIterator[Any]:
            while True:
                yield await self._requests.get()

        self._requests.put_nowait(
            discovery_pb2.DiscoveryRequest(type_url=SECRET, resource_names=names, node={"id": "any"})
        )
        async with grpc.aio.insecure_channel(f"unix:{socket}") as channel:
            async for response in sds_pb2_grpc.SecretDiscoveryServiceStub(channel).StreamSecrets(requests()):
                for resource in response.resources:
                    secret = secret_pb2.Secret.FromString(resource.value)
                    self.secrets[secret.name] = secret
                self._requests.put_nowait(
                    discovery_pb2.DiscoveryRequest(type_url=SECRET, resource_names=names, response_nonce=response.nonce)
                )
                self.heard.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait until what was received is so."""
        async with asyncio.timeout(DEADLINE):
            while not condition():
                self.heard.clear()
                await self.heard.wait()

    def serial(self, name: str) -> str:
        """Of the leaf that is served under a name; empty while there is none."""
        secret = self.secrets.get(name)
        if secret is None:
            return ""
        return facts(load_certificates(secret.tls_certificate.certificate_chain.inline_bytes)[0]).serial


@asynccontextmanager
async def watching(core: MeshCore) -> AsyncIterator[Watcher]:
    watcher = Watcher()
    task = asyncio.create_task(watcher.watch(str(core.workloads[TARGET].sds_socket)))
    try:
        yield watcher
    finally:
        task.cancel()
        await asyncio.wait([task])


async def identity(opened: EmbeddedMesh) -> Identity:
    return next(each for each in (await opened.snapshot()).identities if each.target == TARGET)


def partner(pair: forge.Pair) -> str:
    data = {"ca.crt": base64.b64encode(pair.pem.encode()).decode()}
    metadata = {"name": "partner", "namespace": "prod"}
    return yaml.safe_dump({"apiVersion": "v1", "kind": "Secret", "metadata": metadata, "data": data})


async def test_several_key_pairs_and_bundles_on_one_stream(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Its own identity, a granted one on a key of another kind, the roots, and a bundle that only comes later."""
    await core.apply(parse(ACCOUNTS + "---" + WORKLOAD.replace("ACCOUNT", "auditor"), "test"))
    async with watching(core) as watcher:
        await watcher.until(lambda: {"default", "ROOTCA", AUDITOR} <= watcher.secrets.keys())
        assert PARTNER not in watcher.secrets
        assert OWN not in watcher.secrets  # that one is called default
        chain = watcher.secrets[AUDITOR].tls_certificate.certificate_chain.inline_bytes
        read = facts(load_certificates(chain)[0])
        assert (read.sans, read.key) == ((AUDITOR,), "RSA 2048")
        other = forge.ca("partner")
        await core.apply(parse(partner(other), "test"))
        await watcher.until(lambda: PARTNER in watcher.secrets)
        assert other.pem.encode() == watcher.secrets[PARTNER].validation_context.trusted_ca.inline_bytes
    seen = await identity(opened)
    (granted,) = seen.granted
    assert (granted.spiffe_id, granted.disagreement, seen.disagreement) == (AUDITOR, "", "")
    assert granted.issued == granted.held
    assert (await opened.verify(TARGET)).passed


async def test_a_rotation_replaces_every_key_pair_and_no_bundle(core: MeshCore) -> None:
    """What the proxy watches changes under each name that has a key, once."""
    async with watching(core) as watcher:
        await watcher.until(lambda: {"default", "ROOTCA", AUDITOR, PARTNER} <= watcher.secrets.keys())
        before = {name: watcher.serial(name) for name in ("default", AUDITOR)}
        roots = watcher.secrets["ROOTCA"]
        await core.workloads[TARGET].rotate(lambda _step, _text: None)
        await watcher.until(lambda: all(watcher.serial(name) != serial for name, serial in before.items()))
        assert roots == watcher.secrets["ROOTCA"]


async def test_an_account_that_does_not_exist_is_refused_and_shown(core: MeshCore, opened: EmbeddedMesh) -> None:
    """The workload's own identity is not touched by it; the row says which one is missing, and why."""
    await core.apply(parse(WORKLOAD.replace("ACCOUNT", "nobody"), "test"))
    runtime = core.workloads[TARGET]
    assert await core._pulse.until(lambda: bool(runtime.granted[0].error) and runtime.svid is not None, DEADLINE)
    seen = await identity(opened)
    assert "spiffe://cluster.local/ns/prod/sa/nobody" in seen.rotation.last_error
    assert seen.disagreement == "desired≠issued"
    assert seen.rotation.failures >= 1
    row = core.board.row(TARGET)
    assert row is not None
    assert "nobody" in row.last_error
    await core.apply(parse(ACCOUNTS.replace("auditor", "nobody"), "test"))
    await core.workloads[TARGET].rotate(lambda _step, _text: None)
    assert (await identity(opened)).disagreement == ""
