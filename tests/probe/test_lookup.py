"""Names become addresses, within a deadline."""

from __future__ import annotations

import asyncio
import threading

import pytest

from meshtui.errors import UnreachableError
from meshtui.probe import lookup
from meshtui.probe.lookup import addresses_of
from meshtui.probe.tls import Address


async def test_an_address_is_its_own() -> None:
    """Without asking anybody."""
    assert await addresses_of("::1", 443) == (Address(host="::1", port=443),)


async def test_a_name_has_every_address_once() -> None:
    """As the resolver has them."""
    found = await addresses_of("localhost", 8443)
    assert Address(host="127.0.0.1", port=8443) in found
    assert len(found) == len(set(found))


async def test_a_name_that_leads_nowhere_is_a_sentence() -> None:
    """RFC 6761 keeps `invalid` from ever being one."""
    with pytest.raises(UnreachableError, match=r"a\.invalid does not resolve: ") as caught:
        await addresses_of("a.invalid", 443)
    assert "--resolve a.invalid:PORT:ADDRESS" in caught.value.fix


async def test_a_resolver_that_does_not_answer_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """And nobody waits for its thread, not even the end of the loop."""
    answer = threading.Event()
    monkeypatch.setattr(lookup, "DEADLINE", 0.05)
    monkeypatch.setattr(lookup, "_ask", lambda _host: answer.wait(30) and [])
    with pytest.raises(UnreachableError, match=r"was not resolved within 0\.05 s"):
        await asyncio.wait_for(addresses_of("slow.example", 443), 10)
    answer.set()
