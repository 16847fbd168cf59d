"""Places outside of the mesh: every address of a name, and what a failure of one means."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from meshtui.findings import Check, Verification
from meshtui.probe.contexts import Contexts, Roots
from meshtui.probe.outside import verify_place
from meshtui.probe.place import Place, Resolved
from meshtui.probe.prober import Prober
from tests.probe.asking import trusting
from tests.probe.servers import HOST, leaf, new_root, presenting, serving

ROOT = new_root()


async def verify(text: str, roots: Roots, resolved: Resolved | None = None) -> Verification:
    return await verify_place(Place.parse(text), resolved or {}, Contexts(roots), Prober(), datetime.now(UTC))


async def test_every_address_is_asked(tmp_path: Path) -> None:
    """Each has its checks and commands, and one that does not answer fails the whole."""
    async with serving(presenting(tmp_path, leaf(ROOT))) as address:
        known = {(HOST, address.port): ("127.0.0.1", "127.0.0.2", "::1")}
        found = await verify(f"https://{HOST}:{address.port}/", trusting(ROOT), known)
    tcp = {check.address: check.passed for check in found.checks if check.name == "TCP"}
    assert tcp == {
        f"127.0.0.1:{address.port}": True,
        f"127.0.0.2:{address.port}": False,
        f"[::1]:{address.port}": False,
    }
    assert len(found.by_hand) == 6
    assert not found.passed


async def test_what_could_not_be_checked_does_not_fail_an_address(tmp_path: Path) -> None:
    """Unlike in the mesh: of somebody else's server, not everything can be known."""
    async with serving(presenting(tmp_path, leaf(ROOT))) as address:
        found = await verify(f"https://{HOST}:{address.port}/", trusting(), {(HOST, address.port): ("127.0.0.1",)})
    assert [check.name for check in found.checks if check.passed is None] == ["chain"]
    assert found.passed


async def test_a_name_that_leads_nowhere_fails() -> None:
    """As a check, so that others that are verified with it are shown."""
    found = await verify("https://a.invalid/", trusting(ROOT))
    assert [(check.name, check.passed) for check in found.checks] == [("name", False)]
    assert not found.passed


async def test_addresses_without_a_route_are_open_and_nothing_else_fails_it() -> None:
    """A machine without IPv6 finds nothing wrong with a host that has it; but nothing is not fine."""
    found = await verify("https://[2001:db8::1]/", trusting(ROOT))
    tcp = found.checks[0]
    assert tcp.passed in (None, False)  # as this machine is connected
    assert not found.passed


def test_the_verdict_of_an_outside_verification() -> None:
    """Passed: something was checked, and nothing failed."""

    def passed(*verdicts: bool | None, outside: bool) -> bool:
        checks = tuple(Check(name="x", passed=verdict, seen="x") for verdict in verdicts)
        return Verification(target="x", checks=checks, outside=outside).passed

    assert passed(True, None, outside=True)
    assert not passed(True, None, outside=False)
    assert not passed(None, outside=True)
    assert not passed(True, False, outside=True)
    assert not passed(outside=True)
