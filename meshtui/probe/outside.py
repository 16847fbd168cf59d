"""Verifies a place outside of the mesh: every address that its host resolves to, each as one question."""

from __future__ import annotations

import asyncio
from datetime import datetime

from meshtui.errors import UnreachableError
from meshtui.findings import Check, Verification
from meshtui.probe.contexts import Contexts
from meshtui.probe.lookup import addresses_of
from meshtui.probe.place import Place, Resolved
from meshtui.probe.prober import Prober
from meshtui.probe.question import Question
from meshtui.probe.tls import Address


async def verify_place(
    place: Place, resolved: Resolved, contexts: Contexts, prober: Prober, now: datetime
) -> Verification:
    """Never raises for what is found: a name that leads nowhere is a check that failed."""
    try:
        addresses = await _addresses(place, resolved)
    except UnreachableError as error:
        name = Check(name="name", passed=False, seen=error.message, fix=error.fix, host=place.host)
        return Verification(target=place.text, checks=(name,), outside=True)
    probed = await asyncio.gather(*(prober.probe(_question(place, each), contexts, now) for each in addresses))
    return Verification(
        target=place.text,
        checks=tuple(check for each in probed for check in each.checks),
        by_hand=tuple(command for each in probed for command in each.by_hand),
        outside=True,
    )


async def _addresses(place: Place, resolved: Resolved) -> tuple[Address, ...]:
    known = resolved.get((place.host, place.port))
    if known is not None:
        return tuple(Address(host=each, port=place.port) for each in known)
    return await addresses_of(place.host, place.port)


def _question(place: Place, address: Address) -> Question:
    return Question(address=address, host=place.host, path=place.path, speaks_http=place.is_url)
