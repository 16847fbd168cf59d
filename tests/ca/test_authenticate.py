"""Only a good token of the right issuer says who a caller is."""

from __future__ import annotations

import base64
import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given, settings
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey

from meshtui.ca.authenticate import TokenAuthenticator
from meshtui.ca.bearer import MAX_TOKEN
from meshtui.ca.caller import Caller, Credentials, Metadata
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.token_claims import LEEWAY
from meshtui.errors import StateError
from meshtui.identity.keys import key_pem, new_key
from tests.identity.forge import HTTPBIN, NOW

ISSUER = "https://cluster.local/mesh"
KEY = ECKey.import_key(key_pem(new_key()), {"use": "sig", "alg": "ES256"})
KID = KEY.thumbprint()
JWKS = json.dumps({"keys": [{**KEY.as_dict(private=False), "kid": KID}]})
AT = int(NOW.timestamp())
CLAIMS: dict[str, Any] = {
    "iss": ISSUER,
    "sub": "system:serviceaccount:prod:httpbin",
    "aud": ["istio-ca"],
    "iat": AT,
    "nbf": AT,
    "exp": AT + 60,
    "kubernetes.io": {
        "namespace": "prod",
        "pod": {"name": "httpbin-1", "uid": "4f7d"},
        "serviceaccount": {"name": "httpbin", "uid": "unused"},
    },
}
AUTHENTICATOR = TokenAuthenticator(JWKS, ISSUER, "cluster.local")


def _token(claims: dict[str, Any], **header: str) -> str:
    return jwt.encode({"alg": "ES256", "kid": KID, **header}, claims, KEY)


def _without(*names: str) -> dict[str, Any]:
    return {name: value for name, value in CLAIMS.items() if name not in names}


def _workload(**changes: Any) -> dict[str, Any]:
    return {**CLAIMS, "kubernetes.io": {**CLAIMS["kubernetes.io"], **changes}}


def _ask(token: str, now: datetime = NOW) -> Caller:
    return AUTHENTICATOR.authenticate(Credentials([("authorization", f"Bearer {token}"), ("user-agent", "x")]), now)


def _refused(token: str, now: datetime = NOW) -> RefusalError:
    with pytest.raises(RefusalError) as caught:
        _ask(token, now)
    assert caught.value.message == "request authenticate failure"
    assert len(token) < 30 or token not in caught.value.detail
    return caught.value


def test_a_good_token_names_its_pod() -> None:
    """The caller is the service account and pod of the token, in our trust domain."""
    caller = _ask(_token(CLAIMS))
    assert (str(caller.spiffe_id), caller.pod_name, caller.pod_uid) == (HTTPBIN, "httpbin-1", "4f7d")
    assert caller.applicant.actor == "prod/httpbin"


def test_one_audience_may_stand_alone() -> None:
    """`aud` is a string or a list (RFC 7519, 4.1.3)."""
    assert _ask(_token({**CLAIMS, "aud": "istio-ca"}))
    assert _ask(_token({**CLAIMS, "aud": ["other", "istio-ca"]}))


def test_time_counts_to_the_second() -> None:
    """A token is dead in the second of its `exp`; one from a clock slightly ahead is taken."""
    token = _token(CLAIMS)
    assert _ask(token, NOW + timedelta(seconds=59))
    assert _refused(token, NOW + timedelta(seconds=60)).reason is Reason.EXPIRED_CREDENTIAL
    assert _ask(token, NOW - timedelta(seconds=LEEWAY))
    assert _refused(token, NOW - timedelta(seconds=LEEWAY + 1)).reason is Reason.BAD_CREDENTIAL


@pytest.mark.parametrize(
    "claims",
    [
        *(_without(name) for name in ("iss", "sub", "aud", "exp", "iat", "kubernetes.io")),
        {**CLAIMS, "iss": "https://other"},
        {**CLAIMS, "aud": ["other"]},
        {**CLAIMS, "aud": []},
        {**CLAIMS, "aud": "istio-ca-2"},
        {**CLAIMS, "sub": 5},
        {**CLAIMS, "sub": "system:node:a"},
        {**CLAIMS, "sub": "system:serviceaccount:prod:sleep"},
        {**CLAIMS, "sub": "system:serviceaccount:prod:httpbin:x"},
        {**CLAIMS, "exp": float(AT + 60)},
        {**CLAIMS, "exp": "9999999999"},
        {**CLAIMS, "exp": True},
        {**CLAIMS, "iat": AT + 60},
        {**CLAIMS, "nbf": AT + 60},
        _workload(namespace="other"),
        _workload(pod={"name": "httpbin-1"}),
        _workload(pod={"name": "httpbin-1", "uid": ""}),
        _workload(pod={"name": "a\nb", "uid": "4f7d"}),
        _workload(pod=[]),
        {**_workload(namespace="a/b"), "sub": "system:serviceaccount:a/b:httpbin"},
        {**_workload(namespace=".."), "sub": "system:serviceaccount:..:httpbin"},
        {**CLAIMS, "extra": "x" * MAX_TOKEN},
    ],
)
def test_wrong_claims_are_refused(claims: dict[str, Any]) -> None:
    """A token that lacks a claim, or has a wrong one, proves nothing, though its signature is good."""
    assert _refused(_token(claims)).reason is Reason.BAD_CREDENTIAL


def _part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def _forged() -> list[str]:
    good = _token(CLAIMS)
    header, payload, signature = good.split(".")
    stranger = ECKey.import_key(key_pem(new_key()))
    public_pem = KEY.get_op_key("verify").public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with_public_key = jwt.encode({"alg": "HS256", "kid": KID}, CLAIMS, OctKey.import_key(base64.b64encode(public_pem)))
    return [
        "",
        "x.y.z",
        "....",
        f"{header}.{payload}.",
        f"{header}.{payload}",
        f"{_part({'alg': 'none', 'kid': KID})}.{payload}.",
        f"{_part({'alg': 'none', 'kid': KID})}.{payload}.{signature}",
        with_public_key,
        jwt.encode({"alg": "ES256", "kid": KID}, CLAIMS, stranger),
        _token(CLAIMS, kid="unknown"),
        jwt.encode({"alg": "ES256"}, CLAIMS, KEY),
        f"{_part({'alg': 'ES256', 'kid': [KID]})}.{payload}.{signature}",
        f"{_part({'alg': 'ES256', 'kid': KID, 'crit': ['x'], 'x': 1})}.{payload}.{signature}",
        f"{header}.{_part({**CLAIMS, 'sub': 'system:serviceaccount:prod:admin'})}.{signature}",
        f"{_part({'kid': '[' * 2000})}.{payload}.{signature}",
        base64.urlsafe_b64encode(b"[" * 380).decode() + f".{payload}.{signature}",
        good + "A",
        good[:-4],
        "é.é.é",
        "x" * 1_000_000,
    ]


@pytest.mark.parametrize("token", _forged(), ids=range(20))
def test_forged_tokens_are_refused(token: str) -> None:
    """Other algorithms, other keys, changed contents and nonsense prove nothing."""
    assert _refused(token).reason is Reason.BAD_CREDENTIAL


@pytest.mark.parametrize(
    ("metadata", "reason"),
    [
        ([], Reason.NO_CREDENTIAL),
        ([("x-authorization", f"Bearer {_token(CLAIMS)}")], Reason.NO_CREDENTIAL),
        ([("authorization", f"Bearer {_token(CLAIMS)}")] * 2, Reason.BAD_CREDENTIAL),
        ([("authorization", f"bearer {_token(CLAIMS)}")], Reason.BAD_CREDENTIAL),
        ([("authorization", f"Bearer  {_token(CLAIMS)}")], Reason.BAD_CREDENTIAL),
        ([("authorization", _token(CLAIMS))], Reason.BAD_CREDENTIAL),
        ([("authorization", f"Bearer {_token(CLAIMS)}".encode())], Reason.BAD_CREDENTIAL),
    ],
    ids=["none", "other header", "two", "lower case", "two spaces", "no scheme", "bytes"],
)
def test_the_header_is_exactly_one_bearer_token(metadata: Metadata, reason: Reason) -> None:
    """One authorization header with `Bearer `, as Istio's agents send it, and nothing like it."""
    with pytest.raises(RefusalError) as caught:
        AUTHENTICATOR.authenticate(Credentials(metadata), NOW)
    assert caught.value.reason is reason


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=80) | st.text(st.sampled_from("eyJ.0A-_=[{"), max_size=80))
def test_any_text_is_refused(token: str) -> None:
    """No header crashes the authenticator."""
    assert _refused(token).reason is Reason.BAD_CREDENTIAL


@pytest.mark.parametrize(
    "jwks",
    [
        *("", "{}", "[]", '{"keys": []}', '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}'),
        json.dumps({"keys": [KEY.as_dict(private=False) | {"kid": ""}]}),
        json.dumps({"keys": [KEY.as_dict(private=True) | {"kid": KID}]}),
        json.dumps({"keys": [ECKey.import_key(key_pem(new_key("EC P-384"))).as_dict(private=False) | {"kid": "x"}]}),
    ],
)
def test_without_usable_keys_nothing_starts(jwks: str) -> None:
    """There is no default key: a key set that is unusable, or private, is an error."""
    with pytest.raises(StateError):
        TokenAuthenticator(jwks, ISSUER, "cluster.local")


def test_keys_come_from_a_file(tmp_path: Path) -> None:
    """The key set is read from a file; a missing one is named."""
    (tmp_path / "jwks").write_text(JWKS)
    loaded = TokenAuthenticator.load(tmp_path / "jwks", ISSUER, "cluster.local")
    assert loaded.authenticate(Credentials([("authorization", f"Bearer {_token(CLAIMS)}")]), NOW).pod_uid == "4f7d"
    with pytest.raises(StateError, match="missing"):
        TokenAuthenticator.load(tmp_path / "missing", ISSUER, "cluster.local")
