"""Bad names, items 36 and 37 of the checklist (identity-operations.md, 3.4), over real TLS and gRPC.

A node's proxy is the one caller who may name an identity; tokens name the parts of one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from meshtui.ca.bearer import OPAQUE
from meshtui.ca.caller import Caller
from meshtui.ca.impersonation import parse_accounts
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.errors import UsageError
from meshtui.identity.spiffe import SpiffeId
from tests.ca.hostile import Hostile, serving, setting
from tests.identity.forge import HTTPBIN

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
ZTUNNEL = Caller(
    SpiffeId.for_service_account("cluster.local", "istio-system", "ztunnel"),
    *("istio-system", "ztunnel", "ztunnel-1", "uid-ztunnel", "token"),
)
NAMES = {
    "36-dot dot": "spiffe://cluster.local/ns/prod/../prod/sa/httpbin",
    "36-dot": "spiffe://cluster.local/./ns/prod/sa/httpbin",
    "36-empty segment": "spiffe://cluster.local//ns/prod/sa/httpbin",
    "36-trailing slash": f"{HTTPBIN}/",
    "36-percent": "spiffe://cluster.local/ns/prod/sa/%68ttpbin",
    "36-percent dot": "spiffe://cluster.local/%2e/ns/prod/sa/httpbin",
    "36-upper-case domain": "spiffe://Cluster.local/ns/prod/sa/httpbin",
    "36-upper-case scheme": "SPIFFE://cluster.local/ns/prod/sa/httpbin",
    "36-port": "spiffe://cluster.local:443/ns/prod/sa/httpbin",
    "36-userinfo": "spiffe://root@cluster.local/ns/prod/sa/httpbin",
    "36-query": f"{HTTPBIN}?a=b",
    "36-fragment": f"{HTTPBIN}#a",
    "36-empty path": "spiffe://cluster.local",
    "36-only a slash": "spiffe://cluster.local/",
    "36-too long": f"{HTTPBIN}{'n' * 2048}",
    "36-look-alike domain": "spiffe://cluster.l\u043ecal/ns/prod/sa/httpbin",
    "36-look-alike name": "spiffe://cluster.local/ns/prod/sa/httpb\u0456n",
    "36-space": f"{HTTPBIN} ",
    "36-NUL": f"{HTTPBIN}\x00.evil",
    "36-newline": f"{HTTPBIN}\n",
    "36-comma": f"{HTTPBIN},spiffe://cluster.local/ns/prod/sa/axb",
    "36-upper-case name": "spiffe://cluster.local/ns/prod/sa/Httpbin",
    "37-dot for any letter": "spiffe://cluster.local/ns/prod/sa/a.b",
    "37-star": "spiffe://cluster.local/ns/prod/sa/.*",
    "37-dots in the namespace": "spiffe://cluster.local/ns/p..d/sa/httpbin",
}


@pytest.fixture
async def ca(tmp_path: Path) -> AsyncIterator[Hostile]:
    async with serving(setting(tmp_path)) as served:
        yield served


@pytest.mark.parametrize("item", NAMES)
async def test_a_name_is_taken_as_it_stands_or_not_at_all(ca: Hostile, item: str) -> None:
    """Items 36 and 37: nothing is normalised into an identity that exists, and no name is a pattern."""
    answer = await ca.ask(ca.message(ImpersonatedIdentity=NAMES[item]), ca.bearer(ca.ztunnel()))
    assert (answer.code, answer.text) == (UNAUTHENTICATED, "request impersonation authentication failure")
    refusal = ca.refusal()
    assert refusal.reason == Reason.IMPERSONATION
    assert refusal.detail.isprintable()


TOKEN_NAMES = {
    "36-slash": ("prod/x", "httpbin"),
    "36-dot dot": ("..", "httpbin"),
    "36-empty": ("", "httpbin"),
    "36-colon": ("prod:httpbin", "x"),
    "36-NUL": ("prod", "httpbin\x00"),
    "36-look-alike": ("prod", "httpb\u0456n"),
    "36-comma": ("prod", "httpbin,admin"),
    "36-254 characters": ("prod", "n" * 254),
    "37-regex": ("prod", "h.*"),
    "37-dots": ("prod", "httpb.n"),
}


@pytest.mark.parametrize(
    ("issuer", "item"),
    # which of its accounts exist, an outside issuer decides
    [("mesh", item) for item in TOKEN_NAMES] + [("outside", item) for item in TOKEN_NAMES if item != "37-dots"],
)
async def test_a_token_cannot_name_what_is_no_account(ca: Hostile, item: str, issuer: str) -> None:
    """Items 36 and 37: a signed token with a name that is none, or only matches one as a pattern, proves nothing."""
    namespace, account = TOKEN_NAMES[item]
    claims: dict[str, Any] = {"sub": f"system:serviceaccount:{namespace}:{account}"}
    if issuer == "mesh":
        pod = {"name": "httpbin-1", "uid": "uid-httpbin"}
        claims["kubernetes.io"] = {"namespace": namespace, "pod": pod, "serviceaccount": {"name": account}}
        token = ca.signed(ca.claims(**claims))
    else:
        token = ca.outside_token(**claims)
    answer = await ca.ask(ca.message(), ca.bearer(token))
    assert (answer.code, answer.text) == (UNAUTHENTICATED, OPAQUE)
    assert ca.refusal().reason in (Reason.BAD_CREDENTIAL, Reason.UNKNOWN_ACCOUNT)
    assert ca.refusal().detail.isprintable()


_ALPHABET = st.sampled_from("abhinprtz./:@%?#*,\\ \x00\u0456")


@given(st.text(_ALPHABET, max_size=30).map("spiffe://cluster.local/ns/prod/sa/".__add__) | st.text(max_size=60))
def test_only_what_exists_can_be_asked_for(tmp_path_factory: pytest.TempPathFactory, wanted: str) -> None:
    """Whatever a trusted node asks for, it gets exactly the identities of the pods on its node, unchanged."""
    if not _NODES:
        _NODES.append(setting(tmp_path_factory.mktemp("nodes")))
    try:
        granted = str(_NODES[0].make_nodes().check(ZTUNNEL, wanted))
    except RefusalError:
        return
    assert granted == wanted
    assert wanted.removeprefix("spiffe://cluster.local/ns/prod/sa/") in ("httpbin", "axb")


_NODES: list[Hostile] = []


def test_trusted_accounts_are_names() -> None:
    """The list of trusted accounts has names and commas, and no patterns."""
    assert parse_accounts("") == frozenset()
    assert parse_accounts("istio-system/ztunnel, a/b") == {("istio-system", "ztunnel"), ("a", "b")}
    for text in ("ztunnel", "a/b/c", "a/", "/b", "a/*", "*"):
        with pytest.raises(UsageError, match="is not a service account"):
            parse_accounts(text)
