"""The five incidents that the console is measured by: each is found from the first screen and ended by few keys.

Over the embedded mesh with its Envoys where the fault can be made there; keys are counted as a person presses them.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from meshtui.backends.embedded.core import MeshCore
from meshtui.backends.embedded.mesh import EmbeddedMesh
from meshtui.backends.embedded.owner import clock
from meshtui.identity.keys import key_pem
from meshtui.manifest.documents import parse, parse_document
from meshtui.mesh.actions import Brought
from meshtui.mesh.fake import FakeMesh, fleet_rows
from meshtui.mesh.fake.demo import STUCK_AGENT, workload
from meshtui.mesh.interface import Mesh
from meshtui.mesh.snapshot import RotationState
from meshtui.mesh.trouble import in_trouble
from meshtui.tui.screens.plan import PlanDialog
from meshtui.tui.widgets.row_list import RowList
from tests.backends.conftest import core, opened  # noqa: F401 - fixtures
from tests.backends.test_replacing import HOST, MUST_STAPLE, SECRET, TARGET, document, gateway, pair
from tests.identity import forge
from tests.tui.console import NOW, Clock, Console, console

pytestmark = pytest.mark.asyncio(loop_scope="module")

MOST = 6
"""Keys from the first screen to the end of the incident."""
RENEWED_HERE = {"meshtui.io/issuer": "example.com", "meshtui.io/rotation": "manual"}
DEADLINE = 20.0


class Hand:
    """Presses keys, and counts them."""

    def __init__(self, shown: Console) -> None:
        self.shown = shown
        self.keys = 0

    async def press(self, *keys: str) -> None:
        self.keys += len(keys)
        await self.shown.press(*keys)

    async def find(self, target: str, *way: str) -> None:
        """Go to a row: the keys of `way`, then down."""
        await self.press(*way)
        rows = self.shown.app.screen.query_one(RowList)
        await self.shown.until(lambda: self.shown.app.board.store.get(target) is not None)
        while rows.selected is None or rows.selected.target != target:
            assert self.keys < MOST, self.shown.text
            await self.press("j")

    async def end(self, key: str, *words: str) -> None:
        """Press the key that the finding names, read the plan, say yes."""
        await self.press(key)
        await self.shown.until(lambda: isinstance(self.shown.app.screen, PlanDialog))
        await self.shown.settle()
        assert isinstance(dialog := self.shown.app.screen, PlanDialog)
        assert set(words) <= set(dialog.plan.command.split())
        await self.press("enter")
        assert self.keys <= MOST


async def codes(mesh: Mesh, target: str) -> set[str]:
    return {finding.code for finding in (await mesh.detail(target)).findings}


async def unexamined(*_: object) -> tuple[str, ...]:
    """No problem is found, whatever is looked at."""
    return ()


async def until_found(core: MeshCore, mesh: Mesh, code: str, *, there: bool = True) -> None:  # noqa: F811
    """Wait for a finding, or for its end."""
    async with asyncio.timeout(DEADLINE):
        while (code in await codes(mesh, TARGET)) != there:
            await core._pulse.until(lambda: False, 0.05)


def secret(brought: Brought, **annotations: str) -> Any:
    return parse_document(document(brought, **annotations))


@pytest_asyncio.fixture(loop_scope="module")
async def shop(core: MeshCore) -> AsyncIterator[None]:  # noqa: F811
    """A Gateway that names the Secret, which is gone at the end of each test."""
    await core.apply(parse(gateway(HOST), "test"))
    yield
    if core.catalog.get(SECRET) is not None:
        await core.remove(SECRET)
    async with asyncio.timeout(DEADLINE):
        while any(proxy.rejected for proxy in core.proxies(TARGET)):
            await core._pulse.until(lambda: False, 0.05)


async def test_a_secret_whose_key_does_not_match(
    core: MeshCore,  # noqa: F811
    opened: EmbeddedMesh,  # noqa: F811
    shop: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Envoy refuses the pair; f plans a rotation, and enter ends it on the wire."""
    brought = pair()
    other = key_pem(ec.generate_private_key(ec.SECP256R1())).decode()
    with monkeypatch.context() as unguarded:
        # this mesh takes no such pair; one that a store already has got there otherwise
        unguarded.setattr(core.keys, "of_objects", unexamined)
        unguarded.setattr("meshtui.backends.embedded.acceptance.pair_problem", lambda _: "")
        await core.apply([secret(Brought(certificate=brought.certificate, private_key=other), **RENEWED_HERE)])
    await until_found(core, opened, "key-mismatch")
    async with console(opened, clock=clock) as shown:
        hand = Hand(shown)
        await hand.find(TARGET, "3")
        await shown.until_shown("key does not match")
        await hand.end("f", TARGET)
        await until_found(core, opened, "key-mismatch", there=False)
        await shown.until_shown("✓ served")


async def test_a_workload_whose_agent_is_stuck() -> None:
    """Its rotation is overdue and it does not hold what was issued for it; f ends it."""
    target = "workload/prod/ratings-v1"
    stuck = workload(
        "prod/ratings-v1",
        NOW,
        left=timedelta(minutes=40),
        state=RotationState.OVERDUE,
        truths=STUCK_AGENT,
        disagreement="issued≠held",
        last_error="The agent has not taken the certificate that was issued for it.",
    )
    mesh = FakeMesh([stuck, *(row for row in fleet_rows(500, NOW) if not in_trouble(row))], now=Clock())
    async with console(mesh) as shown:
        hand = Hand(shown)
        await hand.find(target, "1")
        assert "! overdue" in next(line for line in shown.lines if line.startswith("▸"))
        assert stuck.last_error in shown.text
        await hand.press("enter")
        await shown.until_shown(f"f Run: meshtui rotate {target}")
        await hand.end("f", target)
        await shown.until_shown("✓ served")
        assert await codes(mesh, target) == set()


async def test_an_envoy_that_serves_an_older_serial(core: MeshCore, opened: EmbeddedMesh, shop: None) -> None:  # noqa: F811
    """The Secret holds another certificate than the wire presents, because Envoy rejected it; f brings one it takes."""
    await core.apply([secret(pair(), **RENEWED_HERE)])
    await until_found(core, opened, "envoy-waiting", there=False)
    await until_found(core, opened, "held-not-served", there=False)
    await core.apply([secret(pair(more=[MUST_STAPLE]), **RENEWED_HERE)])
    await until_found(core, opened, "held-not-served")
    async with console(opened, clock=clock) as shown:
        hand = Hand(shown)
        await hand.find(TARGET, "3")
        await shown.until(lambda: "●○  " in next(line for line in shown.lines if line.startswith("▸")))
        await hand.press("enter")
        await shown.until_shown("but Envoy still serves")
        await hand.end("f", TARGET)
        await until_found(core, opened, "held-not-served", there=False)
        await shown.until_shown("✓ served")


async def test_a_host_that_no_name_covers(core: MeshCore, opened: EmbeddedMesh, shop: None) -> None:  # noqa: F811
    """A Gateway serves a further host with the certificate; f plans one that is for both."""
    await core.apply([secret(pair(), **RENEWED_HERE)])
    await core.apply(parse(gateway(HOST, "new.example.com"), "test"))
    await until_found(core, opened, "host-not-covered")
    async with console(opened, clock=clock) as shown:
        hand = Hand(shown)
        await hand.find(TARGET, "3")
        await shown.until_shown("It does not cover new.example.com")
        await hand.end("f", TARGET, "--host", "new.example.com")
        await until_found(core, opened, "host-not-covered", there=False)
        assert "new.example.com" in (await opened.detail(TARGET)).chain[0].certificate.sans


async def test_an_intermediate_that_expires_before_its_leaves(
    core: MeshCore,  # noqa: F811
    opened: EmbeddedMesh,  # noqa: F811
    shop: None,
) -> None:
    """What signed the leaf ends first; f has the leaf signed by an authority that outlives it."""
    now = datetime.now(UTC)
    root = forge.ca("elsewhere", start=now - timedelta(days=9), end=now + timedelta(days=90))
    short = forge.make(
        [(x509.BasicConstraints(ca=True, path_length=0), True)],
        subject="intermediate",
        issuer=root,
        start=now - timedelta(days=1),
        end=now + timedelta(hours=2),
    )
    names = x509.SubjectAlternativeName([x509.DNSName(HOST)])
    leaf = forge.make([(names, True)], issuer=short, start=now - timedelta(hours=1), end=now + timedelta(days=9))
    brought = Brought(certificate=leaf.pem + short.pem, private_key=key_pem(leaf.key).decode())
    await core.apply([secret(brought, **RENEWED_HERE)])
    await until_found(core, opened, "outlives-issuer")
    async with console(opened, clock=clock) as shown:
        hand = Hand(shown)
        await hand.find(TARGET, "3")
        await hand.press("enter")
        await shown.until_shown("only until")
        await hand.end("f", TARGET)
        await until_found(core, opened, "outlives-issuer", there=False)
        await shown.until_shown("✓ served")
