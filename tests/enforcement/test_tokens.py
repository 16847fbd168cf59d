"""RequestAuthentications at a real sidecar, and AuthorizationPolicies about tokens: what Envoy does and what the pure
functions say are the same."""

from __future__ import annotations

import time
from collections.abc import Sequence

import pytest

from meshtui.manifest.policy_model import Condition, JwtHeader, JwtRule, Policy, Rule, Source
from tests.enforcement.calls import Call
from tests.enforcement.judging import Asked, expected, seen
from tests.enforcement.proxy import EnforcingProxy
from tests.enforcement.tokens import Issuer, of_every_kind, request_authentication
from tests.policy.authorizing import policy

pytestmark = pytest.mark.asyncio(loop_scope="module")

A = Issuer("https://a.example/x")
B = Issuer("b")
FORGER = Issuer("b")
STRANGER = Issuer("c")
ELSEWHERE = JwtHeader(name="x-b", prefix="Tok ")


def bearing(token: str) -> Asked:
    """With a token where tokens are by default."""
    return carrying(authorization=f"Bearer {token}")


def carrying(path: str = "/", **headers: str) -> Asked:
    """With these headers."""
    return Asked(
        Call(path=path, headers={"host": "httpbin.prod"} | {k.replace("_", "-"): v for k, v in headers.items()})
    )


async def statuses(sidecar: EnforcingProxy, policies: Sequence[Policy], *asked: Asked) -> list[int]:
    """What Envoy answers, when that is what the pure functions say."""
    await sidecar.put(*policies)
    answers = await sidecar.ask(*asked)
    assert [expected(policies, each) for each in asked] == [seen(answer) for answer in answers]
    return [answer.status for answer in answers]


def one_issuer() -> dict[str, tuple[Asked, int]]:
    """What is asked, and the answer, by name. Made when it is asked: tokens age while other tests run."""
    return {
        "no token": (carrying(), 200),
        "right token": (bearing(A.token(aud="me")), 200),
        "right token for several audiences": (bearing(A.token(aud=["you", "me"])), 200),
        "another scheme": (carrying(authorization="Basic YTpi"), 200),
        "right token in a parameter": (carrying(f"/?access_token={A.token(aud='me')}"), 200),
        "wrong token in a parameter": (carrying("/?access_token=abc"), 401),
        "right in the header, wrong in the parameter": (
            carrying("/?access_token=abc", authorization=f"Bearer {A.token(aud='me')}"),
            401,
        ),
        "expired": (bearing(A.token(aud="me", expires_in=-100)), 401),
        "expired within tolerance": (bearing(A.token(aud="me", expires_in=-20)), 200),
        "not valid yet": (bearing(A.token(aud="me", nbf=int(time.time()) + 1000)), 401),
        "for ever": (bearing(A.token(aud="me", exp=None)), 200),
        "for another audience": (bearing(A.token(aud="you")), 403),
        "for no audience": (bearing(A.token()), 403),
        "of a stranger": (bearing(STRANGER.token(aud="me")), 401),
        "without an issuer": (bearing(A.token(iss=None, aud="me")), 401),
        "without a subject": (bearing(A.token(None, aud="me")), 200),
        "garbage": (bearing("abc"), 401),
        "signed by another key": (bearing(Issuer(A.name).token(aud="me")), 401),
        "of another key id": (bearing(Issuer(A.name, "k2").token(aud="me")), 401),
        "changed by a letter": (bearing(A.token(aud="me").replace(".", ".e", 1)), 401),
    }


@pytest.mark.parametrize("name", one_issuer())
async def test_one_issuer(sidecar: EnforcingProxy, name: str) -> None:
    """A missing token passes, a right one too; a wrong one is answered with 401, one for others with 403."""
    asked, status = one_issuer()[name]
    assert await statuses(sidecar, [request_authentication("r", A.rule(audiences=("me",)))], asked) == [status]


async def test_every_kind_of_key(sidecar: EnforcingProxy) -> None:
    """Every key that a manifest may have verifies tokens; none verifies those of another."""
    issuers = of_every_kind()
    policies = [request_authentication("r", *(issuer.rule() for issuer in issuers.values()))]
    right = [bearing(issuer.token()) for issuer in issuers.values()]
    assert await statuses(sidecar, policies, *right) == [200] * len(issuers)
    first, *others = issuers.values()
    wrong = [bearing(first.token(iss=issuer.name)) for issuer in others]
    assert await statuses(sidecar, policies, *wrong) == [401] * len(others)


async def test_tokens_elsewhere(sidecar: EnforcingProxy) -> None:
    """Of an issuer with headers and parameters of its own, tokens are looked for there and nowhere else."""
    policies = [request_authentication("r", B.rule(from_headers=(ELSEWHERE,), from_params=("t",)))]
    good, bad = B.token(), FORGER.token()
    asked = {
        "header": (carrying(x_b=f"Tok {good}"), 200),
        "wrong header": (carrying(x_b=f"Tok {bad}"), 401),
        "wrong header without the prefix": (carrying(x_b=bad), 200),
        "parameter": (carrying(f"/?t={good}"), 200),
        "wrong parameter": (carrying(f"/?t={bad}"), 401),
        "wrong token where nobody looks": (bearing(bad), 200),
    }
    found = await statuses(sidecar, policies, *(each for each, _ in asked.values()))
    assert dict(zip(asked, found, strict=True)) == {name: status for name, (_, status) in asked.items()}
    prefixed = carrying(x_b=f"Tok {good}")
    wants = policy("p", "ALLOW", Rule(sources=(Source(request_principals=("b/alice",)),)))
    assert await statuses(sidecar, [*policies, wants], prefixed, carrying(f"/?t={good}"), bearing(good)) == [
        200,
        200,
        403,
    ]


async def test_several_issuers(sidecar: EnforcingProxy) -> None:
    """One right token is enough; without one, every token that is there must be right, whoever's it is."""
    policies = [request_authentication("r", A.rule()), request_authentication("s", B.rule(from_headers=(ELSEWHERE,)))]
    asked = {
        "none": (carrying(), 200),
        "of the first": (bearing(A.token()), 200),
        "of the second": (carrying(x_b=f"Tok {B.token()}"), 200),
        "of the second where the first's are": (bearing(B.token()), 401),
        "right first, wrong second": (carrying(authorization=f"Bearer {A.token()}", x_b=f"Tok {FORGER.token()}"), 200),
        "wrong second": (carrying(x_b=f"Tok {FORGER.token()}"), 401),
        "wrong first, right second": (carrying(authorization="Bearer abc", x_b=f"Tok {B.token()}"), 200),
    }
    found = await statuses(sidecar, policies, *(each for each, _ in asked.values()))
    assert dict(zip(asked, found, strict=True)) == {name: status for name, (_, status) in asked.items()}


async def test_one_place_for_several_issuers(sidecar: EnforcingProxy) -> None:
    """Where two issuers look into the same header, a token of either passes and one of a third does not."""
    policies = [request_authentication("r", A.rule(), B.rule())]
    asked = bearing(A.token()), bearing(B.token()), bearing(STRANGER.token()), bearing(FORGER.token()), carrying()
    assert await statuses(sidecar, policies, *asked) == [200, 200, 401, 401, 200]


async def test_an_issuer_without_keys_stops_nobody_else(sidecar: EnforcingProxy) -> None:
    """Tokens of an issuer whose keys are not there are wrong; those of the others are as they are."""
    policies = [request_authentication("r", A.rule()), request_authentication("s", JwtRule(issuer="b"))]
    assert await statuses(sidecar, policies, bearing(A.token()), bearing(B.token()), carrying()) == [200, 401, 200]


@pytest.mark.parametrize("forward", [False, True])
async def test_forwarding(sidecar: EnforcingProxy, forward: bool) -> None:
    """The workload gets to see a token only where the policy says so."""
    await sidecar.put(request_authentication("r", A.rule(forward=forward)))
    token = A.token()
    (answer,) = await sidecar.ask(bearing(token))
    assert (token.encode() in answer.body) is forward


PRINCIPALS = {
    "*": True,
    "https://a.example/x/alice": True,
    "https://a.example/x/*": True,
    "https://a.example/x/al*": True,
    "*/alice": True,
    "*example/x/alice": True,
    "https://a.example/x/bob": False,
    "https://a.example/alice": False,
    "https://a.example/*": False,
    "*/bob": False,
    "alice": False,
    "b/alice": False,
}


@pytest.mark.parametrize("principal", PRINCIPALS)
async def test_request_principals(sidecar: EnforcingProxy, principal: str) -> None:
    """A token is of ISSUER/SUBJECT, exactly, by the beginning of a subject, or by the end of the whole."""
    tokens = request_authentication("r", A.rule())
    asked = bearing(A.token()), carrying()
    source = Rule(sources=(Source(request_principals=(principal,)),))
    matches = PRINCIPALS[principal]
    assert await statuses(sidecar, [tokens, policy("p", "ALLOW", source)], *asked) == [200 if matches else 403, 403]
    assert await statuses(sidecar, [tokens, policy("p", "DENY", source)], *asked) == [403 if matches else 200, 200]
    not_source = Rule(sources=(Source(not_request_principals=(principal,)),))
    assert await statuses(sidecar, [tokens, policy("p", "ALLOW", not_source)], *asked) == [403 if matches else 200, 200]
    when = Rule(conditions=(Condition(key="request.auth.principal", values=(principal,)),))
    assert await statuses(sidecar, [tokens, policy("p", "ALLOW", when)], *asked) == [200 if matches else 403, 403]


CLAIMS = (
    ("request.auth.audiences", "me", True),
    ("request.auth.audiences", "m*", True),
    ("request.auth.audiences", "you", False),
    ("request.auth.presenter", "app", True),
    ("request.auth.presenter", "*", True),
    ("request.auth.presenter", "ap", False),
    ("request.auth.claims[iss]", "https://a*", True),
    ("request.auth.claims[groups]", "admin", True),
    ("request.auth.claims[groups]", "*min", True),
    ("request.auth.claims[groups]", "adm", False),
    ("request.auth.claims[groups]", "*", True),
    ("request.auth.claims[none]", "*", False),
    ("request.auth.claims[empty]", "*", False),
    ("request.auth.claims[org][unit]", "mesh", True),
    ("request.auth.claims[org][unit]", "me*", True),
    ("request.auth.claims[org][units]", "two", True),
    ("request.auth.claims[org]", "*", False),
    ("request.auth.claims[unit]", "mesh", False),
    ("request.auth.claims[scope]", "write", True),
    ("request.auth.claims[scope]", "read write", False),
    ("request.auth.claims[words]", "read write", True),
    ("request.auth.claims[number]", "1", False),
    ("request.auth.claims[flag]", "true", False),
)


@pytest.mark.parametrize(("key", "value", "matches"), CLAIMS)
async def test_claims(sidecar: EnforcingProxy, key: str, value: str, matches: bool) -> None:
    """A claim is asked for as a text or as one of a list, nested or not; numbers and truth values are no texts."""
    token = A.token(
        aud=["me", "them"],
        azp="app",
        groups=["dev", "admin", 3],
        org={"unit": "mesh", "units": ["one", "two"]},
        scope="read write",
        words="read write",
        number=1,
        flag=True,
        empty="",
    )
    tokens = request_authentication("r", A.rule())
    asked = bearing(token), carrying()
    when = Rule(conditions=(Condition(key=key, values=(value,)),))
    assert await statuses(sidecar, [tokens, policy("p", "ALLOW", when)], *asked) == [200 if matches else 403, 403]
    when_not = Rule(conditions=(Condition(key=key, not_values=(value,)),))
    assert await statuses(sidecar, [tokens, policy("p", "ALLOW", when_not)], *asked) == [403 if matches else 200, 200]


async def test_tokens_are_checked_before_policies(sidecar: EnforcingProxy) -> None:
    """A wrong token is answered with 401 even where everybody would be denied."""
    policies = [request_authentication("r", A.rule()), policy("p", "DENY", Rule())]
    assert await statuses(sidecar, policies, bearing("abc"), bearing(A.token()), carrying()) == [401, 403, 403]
