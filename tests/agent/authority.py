"""A CA for tests of the agent: signs what it is told, at the time that it is told."""

from __future__ import annotations

from datetime import datetime, timedelta

from meshtui.identity.keys import PrivateKey
from meshtui.identity.spiffe import SpiffeId
from meshtui.identity.svid import Svid, svid_from_response
from tests.identity import forge


class ShortCa:
    """One root, valid for days around `forge.NOW`."""

    def __init__(self) -> None:
        self.now = forge.NOW
        self.root = forge.ca("root", end=forge.NOW + timedelta(days=3650))

    def svid(self, key: PrivateKey, now: datetime, lifetime: timedelta) -> Svid:
        """An SVID on `key`, read and checked as the agent does."""
        pair = forge.svid(self.root, key=key, start=now - timedelta(minutes=2), end=now + lifetime)
        return svid_from_response((pair.pem, self.root.pem), key, SpiffeId.parse(forge.HTTPBIN), now)
