"""A pair that was made elsewhere is verified by the roots that came with it."""

from __future__ import annotations

import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.findings import Check
from meshtui.identity.keys import key_pem
from meshtui.manifest.documents import parse
from meshtui.mesh.actions import Brought, Issue, Rotate, Terms, Undo
from tests.backends.test_replacing import HOST, SECRET, TARGET, gateway, perform
from tests.identity import forge

pytestmark = pytest.mark.asyncio(loop_scope="module")


def with_root() -> Brought:
    """A pair for the host, and the root that signed it."""
    now = datetime.now(UTC)
    root = forge.ca("elsewhere", start=now - timedelta(days=1), end=now + timedelta(days=9))
    names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    made = forge.make([(names, True)], issuer=root, start=now - timedelta(hours=1), end=now + timedelta(days=1))
    return Brought(certificate=made.pem, private_key=key_pem(made.key).decode(), ca=root.pem)


def content(file: str) -> str:
    path = Path(file)
    return path.read_text() if path.exists() else ""


async def checks(opened: EmbeddedMesh) -> tuple[dict[str, Check], tuple[str, ...]]:
    found = await opened.verify(TARGET)
    return {each.name: each for each in found.checks if not each.address}, found.by_hand


async def root_of(opened: EmbeddedMesh) -> str:
    return next(each.ca_root for each in (await opened.snapshot()).gateways if each.target == TARGET)


async def test_a_pair_is_verified_by_the_roots_that_came_with_it(core: MeshCore, opened: EmbeddedMesh) -> None:
    """Chain, wire, commands, status and detail know them, as long as the pair is there; another has none of them."""
    await core.apply(parse(gateway(HOST), "test"))
    brought = with_root()
    assert (await perform(opened, Issue(targets=(TARGET,), terms=Terms(brought=brought)))).error == ""
    found = await opened.verify(TARGET)
    assert found.passed, found
    file = await root_of(opened)
    assert content(file) == brought.ca
    own, by_hand = await checks(opened)
    assert "CN=elsewhere" in own["chain"].seen
    assert "ledger" not in own
    assert all(file in shlex.split(command) for command in by_hand)
    assert [link.pem for link in (await opened.detail(TARGET)).chain][-1] == brought.ca
    without = Terms(brought=Brought(certificate=brought.certificate, private_key=brought.private_key))
    assert (await perform(opened, Rotate(targets=(TARGET,), terms=without))).error == ""
    own, _ = await checks(opened)
    assert (await root_of(opened), content(file), own["chain"].passed) == ("", "", None)
    assert own["chain"].fix == f"meshtui rotate {TARGET} --cert FILE --key FILE --ca FILE"
    assert (await perform(opened, Undo(target=TARGET))).error == ""
    assert await root_of(opened) == file
    assert (await perform(opened, Rotate(targets=(TARGET,), terms=Terms(issuer="example.com")))).error == ""
    assert await root_of(opened) == str(core.gateway_root("example.com"))
    await core.remove(SECRET)
