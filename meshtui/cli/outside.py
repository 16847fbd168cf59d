"""Verifies addresses outside of the mesh for the command line; no mesh needs to run. Loads OpenSSL."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

from meshtui.findings import Verification
from meshtui.mesh.caller import Caller
from meshtui.operations import side_by_side
from meshtui.probe.asking import contexts_for
from meshtui.probe.contexts import system_roots
from meshtui.probe.outside import verify_place
from meshtui.probe.place import Place, Resolved
from meshtui.probe.prober import Prober

AT_ONCE = 200
"""Places; the connections that they make are bounded by the prober."""


def verify_outside(places: Sequence[Place], resolved: Resolved, caller: Caller, now: datetime) -> list[Verification]:
    """In the order of `places`. Raises UsageError for files that cannot be used."""

    async def ask() -> list[Verification]:
        contexts, prober = contexts_for(caller, system_roots()), Prober()
        return await side_by_side(
            lambda place: verify_place(place, resolved, contexts, prober, now), places, at_once=AT_ONCE
        )

    return asyncio.run(ask())
