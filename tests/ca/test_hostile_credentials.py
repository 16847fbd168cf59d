"""Bad credentials, items 21 to 34 of the checklist (identity-operations.md, 3.4), each over real TLS and gRPC.

Every caller hears the same sentence; what was wrong is in the ledger. (Item 35, join tokens, has nothing to test:
there are none.)
"""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from meshtui.ca.bearer import MAX_TOKEN, OPAQUE
from meshtui.ca.caller import Credentials
from meshtui.ca.key_source import MAX_AGE
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.identity.keys import key_pem, new_key
from tests.ca.hostile import INVENTORY, OUTSIDE, OUTSIDE_KEY, Hostile, outside_jwks, serving, setting
from tests.identity.forge import HTTPBIN, svid
from tests.identity.forge import ca as forged_ca

UNAUTHENTICATED = grpc.StatusCode.UNAUTHENTICATED
UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
STRANGER = ECKey.import_key(key_pem(new_key()))


@pytest.fixture
async def ca(tmp_path: Path) -> AsyncIterator[Hostile]:
    async with serving(setting(tmp_path)) as served:
        yield served


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _signed_with_the_public_key(ca: Hostile) -> str:
    public = ca.tokens._key.get_op_key("verify").public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = OctKey.import_key(base64.b64encode(public))
    return jwt.encode({"alg": "HS256", "kid": ca.tokens._kid}, ca.claims(), secret)


def _outside_as_hs256(ca: Hostile) -> str:
    public = OUTSIDE_KEY.get_op_key("verify").public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    secret = OctKey.import_key(base64.b64encode(public))
    return jwt.encode({"alg": "HS256", "kid": "outside"}, ca.claims(iss=OUTSIDE), secret)


def _at(ca: Hostile, seconds: int) -> int:
    return int(ca.now.timestamp()) + seconds


def _parts(token: str) -> list[str]:
    return token.split(".")


BOUND = {"namespace": "prod", "pod": {"name": "sleep-1", "uid": "uid-sleep"}, "serviceaccount": {"name": "sleep"}}
TOKENS: dict[str, tuple[Callable[[Hostile], str], Reason, str]] = {
    "21-empty": (lambda _: "", Reason.BAD_CREDENTIAL, "not a compact one"),
    "22-another audience": (
        lambda ca: ca.token(audience="vault"),
        Reason.BAD_CREDENTIAL,
        "token audience was ['vault'], expected 'istio-ca'",
    ),
    "22-a longer audience": (
        lambda ca: ca.signed(ca.claims(aud="istio-ca2")),
        Reason.BAD_CREDENTIAL,
        "expected 'istio-ca'",
    ),
    "23-expired by 1 s": (lambda ca: ca.signed(ca.claims(exp=_at(ca, -1))), Reason.EXPIRED_CREDENTIAL, "expired 1 s"),
    "23-expires now": (lambda ca: ca.signed(ca.claims(exp=_at(ca, 0))), Reason.EXPIRED_CREDENTIAL, "expired 0 s"),
    "23-not yet": (lambda ca: ca.signed(ca.claims(nbf=_at(ca, 30))), Reason.BAD_CREDENTIAL, "from the future"),
    "24-alg none": (
        lambda ca: f"{_part({'alg': 'none', 'kid': ca.tokens._kid})}.{_parts(ca.token())[1]}.",
        Reason.BAD_CREDENTIAL,
        "does not verify",
    ),
    "25-HS256 with the public key": (_signed_with_the_public_key, Reason.BAD_CREDENTIAL, "does not verify"),
    "25-HS256 with an outside key": (_outside_as_hs256, Reason.BAD_CREDENTIAL, "does not verify"),
    "26-unknown kid": (lambda ca: ca.signed(ca.claims(), kid="other"), Reason.BAD_CREDENTIAL, "key 'other'"),
    "26-no kid": (lambda ca: ca.signed(ca.claims(), kid=""), Reason.BAD_CREDENTIAL, "which key"),
    "26-unknown outside kid": (lambda ca: ca.outside_token(kid="x"), Reason.BAD_CREDENTIAL, "which its issuer has not"),
    "26-a stranger's key": (
        lambda ca: jwt.encode({"alg": "ES256", "kid": ca.tokens._kid}, ca.claims(), STRANGER),
        Reason.BAD_CREDENTIAL,
        "does not verify",
    ),
    "27-no exp": (lambda ca: ca.signed(ca.claims(exp=None)), Reason.BAD_CREDENTIAL, "`exp`"),
    "27-no aud": (lambda ca: ca.signed(ca.claims(aud=None)), Reason.BAD_CREDENTIAL, "`aud`"),
    "27-no sub": (lambda ca: ca.signed(ca.claims(sub=None)), Reason.BAD_CREDENTIAL, "`sub`"),
    "27-outside, no exp": (lambda ca: ca.outside_token(exp=None), Reason.BAD_CREDENTIAL, "`exp`"),
    "27-outside, no aud": (lambda ca: ca.outside_token(aud=None), Reason.BAD_CREDENTIAL, "`aud`"),
    "27-outside, no sub": (lambda ca: ca.outside_token(sub=None), Reason.BAD_CREDENTIAL, "`sub`"),
    "28-sub is a number": (lambda ca: ca.signed(ca.claims(sub=5)), Reason.BAD_CREDENTIAL, "$.sub"),
    "28-sub is a node": (lambda ca: ca.signed(ca.claims(sub="system:node:a")), Reason.BAD_CREDENTIAL, "system:node"),
    "28-outside, sub is a user": (lambda ca: ca.outside_token(sub="alice"), Reason.BAD_CREDENTIAL, "'alice'"),
    "28-outside, sub has a part more": (
        lambda ca: ca.outside_token(sub="system:serviceaccount:prod:httpbin:x"),
        Reason.BAD_CREDENTIAL,
        "not a service account",
    ),
    "28-sub is another than its pod's": (
        lambda ca: ca.signed(ca.claims(**{"kubernetes.io": BOUND})),
        Reason.BAD_CREDENTIAL,
        "not its service account",
    ),
    "29-9000 characters": (lambda _: f"a.{'x' * MAX_TOKEN}.c", Reason.BAD_CREDENTIAL, "too large"),
    "34-deleted account": (lambda ca: ca.token("gone"), Reason.UNKNOWN_ACCOUNT, "prod/gone does not exist"),
}


@pytest.mark.parametrize("item", TOKENS)
async def test_a_bad_token_is_unauthenticated(ca: Hostile, item: str) -> None:
    """Items 21 to 29, 34: one opaque answer for all; the ledger says what was nearly right."""
    make, reason, detail = TOKENS[item]
    token = make(ca)
    answer = await ca.ask(ca.message(), ca.bearer(token))
    assert (answer.code, answer.text) == (UNAUTHENTICATED, OPAQUE)
    refusal = ca.refusal()
    assert refusal.reason == reason
    assert detail in refusal.detail
    assert not token or token not in refusal.detail


@pytest.mark.parametrize("headers", [0, 2], ids=["21-no header", "30-two headers"])
async def test_exactly_one_header(ca: Hostile, headers: int) -> None:
    """Items 21 and 30: no authorization header proves nothing, and neither do two good ones."""
    answer = await ca.ask(ca.message(), ca.bearer() * headers)
    assert (answer.code, answer.text) == (UNAUTHENTICATED, OPAQUE)
    assert ca.refusal().reason == (Reason.BAD_CREDENTIAL if headers else Reason.NO_CREDENTIAL)


async def test_a_huge_token_is_not_read(ca: Hostile) -> None:
    """Item 29: a token of a megabyte ends at gRPC's bound for headers or at ours, and the CA goes on."""
    answer = await ca.ask(ca.message(), ca.bearer(f"a.{'x' * 1_000_000}.c"))
    assert answer.code in (UNAUTHENTICATED, grpc.StatusCode.RESOURCE_EXHAUSTED)
    assert (await ca.ask(ca.message(), ca.bearer())).code is grpc.StatusCode.OK


async def test_an_outside_token_is_taken(ca: Hostile) -> None:
    """A service account of a configured issuer gets its identity in our trust domain; the ledger says who vouched."""
    pod: dict[str, Any] = {"kubernetes.io": ca.claims()["kubernetes.io"]}  # which it may say, and which is none of ours
    assert (await ca.ask(ca.message(), ca.bearer(ca.outside_token(**pod)))).code is grpc.StatusCode.OK
    (entry,) = ca.decisions()
    assert (entry.identity, entry.authenticator, entry.pod_uid) == (HTTPBIN, f"oidc {OUTSIDE}", "")
    assert entry.policy == "outside-issuer"


async def test_without_keys_nothing_is_decided(ca: Hostile) -> None:
    """Item 31: while the key server is down the last good keys count, until they are too old; then UNAVAILABLE."""
    ca.outside_answers = None
    assert not ca.source.refresh()
    assert (await ca.ask(ca.message(), ca.bearer(ca.outside_token()))).code is grpc.StatusCode.OK
    ca.now += MAX_AGE + timedelta(seconds=1)
    answer = await ca.ask(ca.message(), ca.bearer(ca.outside_token()))
    assert (answer.code, answer.text) == (UNAVAILABLE, OPAQUE)
    refused = ca.decisions()[0]
    assert (refused.reason, "connection refused" in refused.detail) == (Reason.CANNOT_VERIFY, True)
    assert (await ca.ask(ca.message(), ca.bearer())).code is grpc.StatusCode.OK  # the mesh's own tokens need no server
    ca.outside_answers = outside_jwks()
    assert ca.source.refresh()
    assert (await ca.ask(ca.message(), ca.bearer(ca.outside_token()))).code is grpc.StatusCode.OK


@pytest.mark.parametrize(
    "answer",
    [b"", b"{}", b'{"keys": []}', b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "outside"}]}', b"[" * 100_000],
    ids=["31-empty", "31-no keys", "31-no key", "31-secret key", "31-deep"],
)
async def test_a_bad_key_set_replaces_nothing(ca: Hostile, answer: bytes) -> None:
    """Item 31: what is no key set leaves the last good one in place."""
    ca.outside_answers = answer
    assert not ca.source.refresh()
    assert (await ca.ask(ca.message(), ca.bearer(ca.outside_token()))).code is grpc.StatusCode.OK


async def test_a_key_that_is_gone_is_gone(ca: Hostile) -> None:
    """A key that its issuer has taken back verifies nothing from the next look on."""
    ca.outside_answers = json.dumps({"keys": [{**OUTSIDE_KEY.as_dict(private=False), "kid": "renamed"}]}).encode()
    assert ca.source.refresh()
    assert (await ca.ask(ca.message(), ca.bearer(ca.outside_token()))).code is UNAUTHENTICATED


async def test_a_deleted_account_loses_its_good_token(ca: Hostile) -> None:
    """Item 34: from the moment that the inventory says so; an unreadable inventory decides nothing."""
    token = ca.token()
    assert (await ca.ask(ca.message(), ca.bearer(token))).code is grpc.StatusCode.OK
    ca.write_inventory(replace_accounts("prod/sleep"))
    assert (await ca.ask(ca.message(), ca.bearer(token))).code is UNAUTHENTICATED
    assert ca.decisions()[0].reason == Reason.UNKNOWN_ACCOUNT
    (ca.directory / "inventory.json").write_bytes(b"{")
    assert (await ca.ask(ca.message(), ca.bearer(token))).code is UNAVAILABLE
    (ca.directory / "inventory.json").unlink()
    assert (await ca.ask(ca.message(), ca.bearer(token))).code is UNAVAILABLE
    ca.write_inventory(INVENTORY)
    assert (await ca.ask(ca.message(), ca.bearer(token))).code is grpc.StatusCode.OK


def replace_accounts(*accounts: str) -> Any:
    """The inventory with other service accounts."""
    return type(INVENTORY)(service_accounts=accounts, pods=INVENTORY.pods)


FOREIGN = forged_ca("root")


async def test_a_certificate_of_a_strange_root_ends_in_the_handshake(ca: Hostile) -> None:
    """Items 32 and 33: on the port for certificates, one that leads to no root of ours reaches nothing."""
    for uri in (HTTPBIN, HTTPBIN.replace("cluster.local", "other.example")):
        pair = svid(FOREIGN, [uri], start=ca.now - timedelta(minutes=1), end=ca.now + timedelta(hours=1))
        answer = await ca.ask(ca.message(), ca.bearer(), (pair.pem, pair.key))
        assert answer.code is UNAVAILABLE
    assert not ca.decisions()


async def test_a_removed_root_does_not_come_back_by_resumption(tmp_path: Path) -> None:
    """Item 32: where TLS lets a session through whose root is gone (resumption), the certificate is judged again."""
    served = setting(tmp_path)
    chain = await served.authority.create_certificate(served.workload_request(), served.now)
    served.trusted_roots = forged_ca("another root").pem
    served.authority._authenticator = served.make_authenticator()
    async with serving(served):
        answer = await served.ask(served.message(), (), (chain[0], served.key))
        assert (answer.code, answer.text) == (UNAUTHENTICATED, OPAQUE)
        assert "does not lead to a trusted root" in served.decisions()[0].detail


async def test_a_foreign_trust_domain_under_our_root_is_refused(ca: Hostile) -> None:
    """Item 33: the same path in another trust domain is another identity, even where our own key had signed it."""
    pair = _under_our_root(ca, HTTPBIN.replace("cluster.local", "other.example"))
    answer = await ca.ask(ca.message(), (), pair)
    assert (answer.code, answer.text) == (UNAUTHENTICATED, OPAQUE)
    assert "not of a workload of cluster.local" in ca.refusal().detail


async def test_a_certificate_that_the_ledger_does_not_know_is_refused(ca: Hostile) -> None:
    """A right leaf under our root that was never issued by this ledger proves nothing."""
    answer = await ca.ask(ca.message(), (), _under_our_root(ca, HTTPBIN))
    assert (answer.code, answer.text) == (UNAUTHENTICATED, OPAQUE)
    assert "ledger knows of no certificate" in ca.refusal().detail


def _under_our_root(ca: Hostile, uri: str) -> Any:
    from tests.identity.forge import Pair  # noqa: PLC0415

    root = Pair(ca.root.certificate, ca.root.key)
    pair = svid(root, [uri], start=ca.now - timedelta(minutes=1), end=ca.now + timedelta(hours=1))
    return pair.pem, pair.key


@settings(max_examples=150, deadline=None)
@given(
    header=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "jwk", "b64"]), st.text(max_size=8)),
    payload=st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=10),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=10,
    ),
    signature=st.binary(max_size=80),
)
def test_no_token_crashes_any_way(
    tmp_path_factory: pytest.TempPathFactory, header: dict[str, str], payload: object, signature: bytes
) -> None:
    """Whatever a token is made of, every way to authenticate ends in a refusal and nothing else."""
    way = _way(tmp_path_factory)
    token = f"{_part(header)}.{_part(payload)}.{base64.urlsafe_b64encode(signature).decode()}"
    with pytest.raises(RefusalError) as caught:
        way.authority._authenticator.authenticate(Credentials([("authorization", f"Bearer {token}")]), way.now)
    assert caught.value.message == OPAQUE


_WAYS: list[Hostile] = []


def _way(factory: pytest.TempPathFactory) -> Hostile:
    if not _WAYS:
        _WAYS.append(setting(factory.mktemp("ways")))
    return _WAYS[0]
