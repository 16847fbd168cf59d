"""A verified token is verified once, and never believed longer than it may be."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from meshtui.ca.authenticate import TokenAuthenticator
from meshtui.ca.caller import Caller, Credentials
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.token_cache import TokenCache
from meshtui.config.tokens import TokenIssuer
from tests.identity.forge import NOW

ISSUER = "https://cluster.local/mesh"


@dataclass
class Counting:
    """The real authenticator, and how often it was asked."""

    inner: TokenAuthenticator
    name: str = "token"
    asked: list[datetime] = field(default_factory=list)

    def authenticate(self, credentials: Credentials, now: datetime) -> Caller:
        self.asked.append(now)
        return self.inner.authenticate(credentials, now)


@dataclass
class Asking:
    """A cache over it, and tokens."""

    directory: Path
    most: int = 100

    def __post_init__(self) -> None:
        self.tokens = TokenIssuer.open(self.directory / "key", ISSUER)
        self.counting = Counting(TokenAuthenticator(self.tokens.jwks(), ISSUER, "cluster.local"))
        self.cache = TokenCache(self.counting, most=self.most)

    def token(self, name: str = "httpbin", hours: float = 0.5) -> Credentials:
        token = self.tokens.issue(
            *("prod", name),
            pod_name=f"{name}-1",
            pod_uid=f"uid-{name}",
            audience="istio-ca",
            duration=timedelta(hours=hours),
            now=NOW,
        )
        return Credentials([("authorization", f"Bearer {token}")])


@pytest.fixture
def asking(tmp_path: Path) -> Asking:
    return Asking(tmp_path)


def test_a_token_is_verified_once(asking: Asking) -> None:
    """The second answer is the first one; another token is another question."""
    one, other = asking.token(), asking.token("sleep")
    callers = [asking.cache.authenticate(each, NOW).pod_uid for each in (one, one, other, one, other)]
    assert callers == ["uid-httpbin", "uid-httpbin", "uid-sleep", "uid-httpbin", "uid-sleep"]
    assert len(asking.counting.asked) == 2
    assert asking.cache.name == "token"


def test_an_expired_token_is_refused_on_the_second(asking: Asking) -> None:
    """What was verified stops to count at its `exp`, by the words of the real authenticator."""
    token = asking.token(hours=0.5)
    asking.cache.authenticate(token, NOW)
    asking.cache.authenticate(token, NOW + timedelta(seconds=1799))
    with pytest.raises(RefusalError) as caught:
        asking.cache.authenticate(token, NOW + timedelta(seconds=1800))
    assert caught.value.reason is Reason.EXPIRED_CREDENTIAL
    assert len(asking.counting.asked) == 2


def test_a_long_token_is_verified_again_in_time(asking: Asking) -> None:
    """A verdict is not older than an hour, however long the token lives."""
    token = asking.token(hours=24)
    for minutes in (0, 59, 60, 61):
        asking.cache.authenticate(token, NOW + timedelta(minutes=minutes))
    assert asking.counting.asked == [NOW, NOW + timedelta(minutes=60)]


def test_a_clock_that_is_set_back_makes_no_token_valid(asking: Asking) -> None:
    """Before the moment at which a token was verified, it is verified again."""
    token = asking.token()
    asking.cache.authenticate(token, NOW)
    with pytest.raises(RefusalError):
        asking.cache.authenticate(token, NOW - timedelta(minutes=5))


def test_refusals_are_not_remembered(asking: Asking) -> None:
    """Each bad token is judged anew, and nothing is kept of it."""
    bad = Credentials([("authorization", "Bearer a.b.c")])
    for _ in range(3):
        with pytest.raises(RefusalError):
            asking.cache.authenticate(bad, NOW)
    for headers in ([], [*asking.token().headers, *asking.token().headers]):
        with pytest.raises(RefusalError):
            asking.cache.authenticate(Credentials(headers), NOW)
    assert len(asking.cache._verified) == 0


def test_it_is_bounded(tmp_path: Path) -> None:
    """More tokens than it holds push out those that were used longest ago."""
    asking = Asking(tmp_path, most=2)
    first, second, third = (asking.token(name) for name in ("a", "b", "c"))
    for token in (first, second, first, third, first, second):
        asking.cache.authenticate(token, NOW)
    assert len(asking.counting.asked) == 4


def test_it_keeps_no_token(asking: Asking) -> None:
    """Neither its keys nor its values hold what a thief could use."""
    token = asking.token()
    asking.cache.authenticate(token, NOW)
    secret = str(token.headers[0][1]).removeprefix("Bearer ")
    assert secret not in repr(asking.cache._verified)
