"""Draws policies and requests from few words, so that they meet often, and from words that could be mistaken for
patterns, so that they meet only where they should."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from meshtui.manifest.policy_model import (
    AuthorizationPolicy,
    Condition,
    JwtHeader,
    PolicyAction,
    RequestAuthentication,
    RequestTo,
    Rule,
    Source,
)
from tests.enforcement.calls import Call
from tests.enforcement.judging import Asked
from tests.enforcement.tokens import Issuer, request_authentication
from tests.policy.authorizing import identity, policy

NAMESPACES = ("prod", "elsewhere", "p.od")
ACCOUNTS = ("sleep", "a.b", "slee")
HOSTS = ("a.example", "A.example:8080", "x.a.example", "aaexample")
PATHS = ("/", "/a", "/a/b", "/a//b", "/a/b/c", "/a*", "/a/b%20c", "/A", "/a.b", "/a/(b)c", "/admin/x~y/z")
METHODS = ("GET", "POST", "PUT", "PATCH")
TOKENS = ("abc", "ABC", "ab", "a.c", "*", "")
NAMES = ("a.example", "outbound.httpbin", "aXexample")
ADDRESSES = ("10.1.2.3", "10.9.9.9", "192.168.0.1", "2001:db8::1")
ISSUER = Issuer("https://a.example/x")
OTHER = Issuer("b")
FORGER = Issuer("b")
ELSEWHERE = JwtHeader(name="x-b", prefix="")


def forms(values: tuple[str, ...], *more: str) -> st.SearchStrategy[str]:
    """Some values as they are, or cut to a beginning or an end; or `more`, or any at all."""
    whole = [each for each in values if each]
    cut = st.builds(
        lambda value, at, ending: f"*{value[at:]}" if ending else f"{value[:at]}*",
        st.sampled_from(whole),
        st.integers(0, 12),
        st.booleans(),
    )
    return st.one_of(st.sampled_from(whole), cut, st.sampled_from(["*", *more]))


_PRINCIPALS = tuple(
    f"{domain}/ns/{space}/sa/{account}"
    for domain in ("mesh.example", "cluster.local", "foreign")
    for space in NAMESPACES[:2]
    for account in ACCOUNTS[:2]
)
_SERVICE_ACCOUNTS = st.builds("{}/{}".format, st.sampled_from(NAMESPACES), st.sampled_from(ACCOUNTS))
_BLOCKS = st.sampled_from(
    ("10.0.0.0/8", "10.1.2.3", "10.1.2.3/31", "0.0.0.0/0", "2001:db8::/32", "::/0", "10.1.2.77/24")
)
_PORTS = st.sampled_from(("8080", "80", "443"))
_REQUEST_PRINCIPALS = forms(("https://a.example/x/alice", "b/bob", "https://a.example/x/al/ice"), "*/alice", "b/*")
_FIELDS: dict[str, st.SearchStrategy[str]] = {
    "principals": forms(_PRINCIPALS, "mesh.example/*", "cluster.local*", "*prod*"),
    "namespaces": forms(NAMESPACES, "p*d", "*o*", "*"),
    "service_accounts": _SERVICE_ACCOUNTS,
    "ip_blocks": _BLOCKS,
    "remote_ip_blocks": _BLOCKS,
    "request_principals": _REQUEST_PRINCIPALS,
}
_OPERATION_FIELDS: dict[str, st.SearchStrategy[str]] = {
    "hosts": forms(HOSTS, "*.EXAMPLE", "A.*"),
    "ports": _PORTS,
    "methods": forms(METHODS),
    "paths": forms(PATHS, "/a/{*}", "/{*}/b", "/{**}", "/a/{**}", "/admin/{*}/{**}", "/{*}/{*}/"),
}
_KEYS: dict[str, st.SearchStrategy[str]] = {
    "request.headers[x-token]": forms(TOKENS),
    "request.headers[x-other]": forms(TOKENS),
    "source.ip": _BLOCKS,
    "remote.ip": _BLOCKS,
    "source.namespace": _FIELDS["namespaces"],
    "source.principal": _FIELDS["principals"],
    "source.serviceAccount": _SERVICE_ACCOUNTS,
    "request.auth.principal": _REQUEST_PRINCIPALS,
    "request.auth.audiences": forms(("me", "them"), "m*"),
    "request.auth.presenter": forms(("app",)),
    "request.auth.claims[groups]": forms(("dev", "admin")),
    "request.auth.claims[org][unit]": forms(("mesh", "m.sh")),
    "request.auth.claims[scope]": forms(("read", "write"), "read write"),
    "request.auth.claims[number]": forms(("1",)),
    "destination.ip": _BLOCKS,
    "destination.port": _PORTS,
    "connection.sni": forms(NAMES),
}


def _some(strategy: st.SearchStrategy[Any], most: int = 2) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=most).map(tuple)


@st.composite
def _record(draw: st.DrawFn, kind: type[Any], fields: dict[str, st.SearchStrategy[str]]) -> Any:
    """A Source or RequestTo that says something of up to three of its fields."""
    chosen = draw(st.lists(st.sampled_from(sorted(fields)), max_size=3, unique=True))
    said: dict[str, tuple[str, ...]] = {}
    for name in chosen:
        said[name], said[f"not_{name}"] = draw(_some(fields[name])), draw(_some(fields[name], 1))
    return kind(**said)


@st.composite
def _condition(draw: st.DrawFn) -> Condition:
    key = draw(st.sampled_from(sorted(_KEYS)))
    values, not_values = draw(_some(_KEYS[key])), draw(_some(_KEYS[key], 1))
    if not values and not not_values:
        values = (draw(_KEYS[key]),)
    return Condition(key=key, values=values, not_values=not_values)


_RULES = st.builds(
    Rule,
    sources=_some(_record(Source, _FIELDS)),
    operations=_some(_record(RequestTo, _OPERATION_FIELDS)),
    conditions=_some(_condition()),
)


@st.composite
def authorization_policies(draw: st.DrawFn) -> list[AuthorizationPolicy]:
    """Up to four, of two namespaces and names that are alike."""
    names = draw(st.lists(st.sampled_from(("a", "a-b", "a1", "b", "a.b")), max_size=4, unique=True))
    return [
        policy(
            name,
            draw(st.sampled_from(list(PolicyAction))).value,
            *draw(_some(_RULES, 3)),
            namespace=draw(st.sampled_from(("prod", "istio-system"))),
            dry_run=draw(st.sampled_from((False, False, False, True))),
        )
        for name in names
    ]


def request_authentications() -> st.SearchStrategy[list[RequestAuthentication]]:
    """None, or of one or two issuers who look for tokens in different places or in one."""
    one = request_authentication("one", ISSUER.rule())
    strict = request_authentication("one", ISSUER.rule(audiences=("me",), from_params=("t",), forward=True))
    other = request_authentication("other", OTHER.rule(from_headers=(ELSEWHERE,)))
    same = request_authentication("same", OTHER.rule())
    return st.sampled_from([[], [one], [strict], [one, other], [strict, same], [one, same]])


_GOOD = [
    ISSUER.token(aud=["me", "them"], azp="app", groups=["dev", "admin", 3], scope="read write", number=1),
    ISSUER.token("al/ice", aud="me", groups="dev", org={"unit": "mesh"}, azp=""),
    OTHER.token("bob", org={"unit": ["mesh", "mish"]}, scope="read"),
]
_BAD = [FORGER.token(), ISSUER.token(expires_in=-1000), Issuer("c").token(), "abc"]
_SOME_TOKEN = st.one_of(st.sampled_from(_GOOD), st.sampled_from(_GOOD), st.sampled_from(_BAD))
_CALLERS = [
    Asked(principal=identity(account, space), sni=sni)
    for space, account, sni in (
        ("prod", "sleep", ""),
        ("prod", "sleep", "a.example"),
        ("prod", "a.b", "aXexample"),
        ("prod", "slee", ""),
        ("elsewhere", "sleep", ""),
        ("p.od", "sleep", ""),
    )
] + [Asked(principal="")]


@st.composite
def requests(draw: st.DrawFn) -> Asked:
    """Of one of seven callers, with or without a token."""
    headers = {"host": draw(st.sampled_from(HOSTS))}
    for name, values in (("x-token", TOKENS), ("x-other", TOKENS), ("x-forwarded-for", ADDRESSES)):
        if draw(st.booleans()):
            headers[name] = draw(st.sampled_from(values))
    path = draw(st.sampled_from(PATHS))
    where = draw(st.sampled_from(("", "", "authorization", "x-b", "t")))
    if where == "t":
        path = f"{path}?t={draw(_SOME_TOKEN)}"
    elif where:
        headers[where] = ("Bearer " if where == "authorization" else "") + draw(_SOME_TOKEN)
    elif draw(st.booleans()):
        path = f"{path}?a=/b"
    return replace(draw(st.sampled_from(_CALLERS)), call=Call(draw(st.sampled_from(METHODS)), path, headers))
