"""Remembers which tokens were verified, so that a holder who renews often costs one signature check and not many.

Wrap only what judges a token by itself, signature and claims: a check that can turn out differently a minute later,
such as whether the account still exists, belongs around this and not inside. Keeps digests, never tokens.
"""

from __future__ import annotations

import hashlib
import json
from base64 import urlsafe_b64decode
from collections import OrderedDict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from meshtui.ca.bearer import bearer_token
from meshtui.ca.caller import Authenticator, Caller, Credentials

MAX_TOKENS = 20_000
"""About 20 MB; the one that was used longest ago makes room."""


@dataclass(frozen=True)
class _Verified:
    caller: Caller
    since: datetime
    until: datetime


class TokenCache:
    """An authenticator that asks another one about each token once."""

    def __init__(
        self, inner: Authenticator, *, longest: timedelta = timedelta(hours=1), most: int = MAX_TOKENS
    ) -> None:
        """A verdict holds until the token's `exp`, but not longer than `longest`: for a key that its issuer takes back.

        Refusals are not remembered.
        """
        self.name = inner.name
        self._inner = inner
        self._longest = longest
        self._most = most
        self._verified: OrderedDict[bytes, _Verified] = OrderedDict()

    def authenticate(self, credentials: Credentials, now: datetime) -> Caller:
        """As the inner authenticator said, or says now. Raises RefusalError."""
        token = bearer_token(credentials.headers)
        key = hashlib.sha256(token.encode()).digest()
        found = self._verified.get(key)
        # a clock that was set back must not make an early token late
        if found is not None and found.since <= now < found.until:
            self._verified.move_to_end(key)
            return found.caller
        self._verified.pop(key, None)
        caller = self._inner.authenticate(credentials, now)
        self._verified[key] = _Verified(caller, now, min(_expiry(token), now + self._longest))
        while len(self._verified) > self._most:
            self._verified.popitem(last=False)
        return caller


def _expiry(token: str) -> datetime:
    """`exp` of a token whose signature was verified just now."""
    payload = token.split(".")[1]
    return datetime.fromtimestamp(json.loads(urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))["exp"], UTC)
