"""One attempt of an agent alone to get a certificate: by each credential that it has, until one is taken.

Roots and credentials are read anew, and the connection is a new one, for every call: calls are hours apart, and
whatever was replaced meanwhile counts.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from meshtui.agent.ca_client import CaClient
from meshtui.agent.credentials import Credential, ways
from meshtui.agent.options import AgentOptions
from meshtui.agent.roots import read_roots
from meshtui.errors import MeshError, RefusedError, StateError, UnreachableError
from meshtui.identity.keys import PrivateKey
from meshtui.identity.svid import Svid

_LOG = logging.getLogger(__name__)


@dataclass
class Calls:
    """What calls to the CA there were since the start."""

    made: int = 0
    failed: int = 0
    """Without a certificate that can be used."""
    retries: int = 0
    """Those of them that were made because the one before had failed."""
    milliseconds: float = 0.0
    """That all of them took together."""


class Issuance:
    """Asks the CA for its agent. `fetch` is what a SecretManager needs."""

    def __init__(self, options: AgentOptions, clock: Callable[[], datetime], held: Callable[[], Svid | None]) -> None:
        """`held` tells the certificate in service."""
        self._options = options
        self._clock = clock
        self._held = held
        self._failed_last = False
        self.calls = Calls()

    async def fetch(self, key: PrivateKey) -> Svid:
        """A certificate for `key`.

        Raises StateError when this machine has nothing to show or to trust, else what the last call raised:
        UnreachableError, RefusedError, or IdentityError when the answer cannot be used, after which no other
        credential is tried.
        """
        root = read_roots(self._options.ca_root)
        failures: list[tuple[str, MeshError]] = []
        for name, read in ways(self._options, self._held(), self._clock()):
            for earlier, error in failures[-1:]:
                _LOG.warning("With %s: %s Trying %s.", earlier, error.message, name)
            try:
                return await self._call(key, root, read())
            except (UnreachableError, RefusedError, StateError) as error:
                failures.append((name, error))
        raise failures[-1][1]

    async def _call(self, key: PrivateKey, root: bytes, credential: Credential) -> Svid:
        options, calls = self._options, self.calls
        client = CaClient(
            credential.address, root, self._clock, pair=credential.pair, server_name=options.ca_server_name
        )
        calls.made += 1
        calls.retries += self._failed_last
        started = time.monotonic()
        self._failed_last = True
        try:
            svid = await client.fetch_svid(key, options.identity, credential.token, options.ttl)
            self._failed_last = False
            return svid
        finally:
            calls.failed += self._failed_last
            calls.milliseconds += (time.monotonic() - started) * 1000
            await client.close()
