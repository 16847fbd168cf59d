"""Who calls: the ways to prove it, tried in order. The first that yields an identity wins; all failures are told of.

Knows nothing of any single way. The caller hears one opaque sentence whatever went wrong; the ledger has each reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from meshtui.ca.bearer import OPAQUE
from meshtui.ca.caller import Authenticator, Caller, Credentials
from meshtui.ca.inventory import InventoryFile
from meshtui.ca.refusal import Reason, RefusalError

_VAGUE = (Reason.BAD_CREDENTIAL, Reason.NO_CREDENTIAL)
"""Reasons that say less than any other, the more telling one first."""


class FirstOf:
    """Several authenticators as one."""

    name = "any"

    def __init__(self, ways: Sequence[Authenticator]) -> None:
        self._ways = tuple(ways)

    def authenticate(self, credentials: Credentials, now: datetime) -> Caller:
        """The first identity that one of them yields."""
        failures: list[tuple[str, RefusalError]] = []
        for way in self._ways:
            try:
                return way.authenticate(credentials, now)
            except RefusalError as failure:
                failures.append((way.name, failure))
        raise _refusal(failures) from failures[-1][1] if failures else None


def _refusal(failures: Sequence[tuple[str, RefusalError]]) -> RefusalError:
    """One refusal for all: the most telling reason, and what each way said, without those that saw nothing."""
    told = [(name, each) for name, each in failures if each.reason is not Reason.NO_CREDENTIAL]
    if not told:
        detail = " ".join(dict.fromkeys(each.detail for _, each in failures))
        return RefusalError(Reason.NO_CREDENTIAL, OPAQUE, detail=detail or "There is no way to authenticate.")
    if len(told) == 1:
        return RefusalError(told[0][1].reason, OPAQUE, detail=told[0][1].detail)
    reasons = [each.reason for _, each in told]
    reason = next((each for each in reasons if each not in _VAGUE), _VAGUE[0])
    detail = "; ".join(f"{name}: {each.detail.removesuffix('.')}" for name, each in told)
    return RefusalError(reason, OPAQUE, detail=f"{detail}.")


class Existing:
    """An authenticator whose callers must also exist: good tokens of what was deleted are refused."""

    def __init__(self, way: Authenticator, inventory: InventoryFile) -> None:
        self.name = way.name
        self._way = way
        self._inventory = inventory

    def authenticate(self, credentials: Credentials, now: datetime) -> Caller:
        """As the authenticator within says, if the inventory knows the caller."""
        caller = self._way.authenticate(credentials, now)
        self._inventory.current().check(caller)
        return caller
