"""Tokens say who a pod is, and only the issuer's key can make them."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet

from meshtui.config.tokens import TokenIssuer
from meshtui.errors import IdentityError, StateError, UsageError
from meshtui.identity.keys import key_pem, new_key
from meshtui.private_files import write_file

NOW = datetime(2026, 11, 23, 12, 0, 0, 700_000, tzinfo=UTC)
ISSUER = "https://cluster.local/mesh"


@pytest.fixture
def issuer(tmp_path: Path) -> TokenIssuer:
    return TokenIssuer.open(tmp_path / "tokens.key", ISSUER)


def _issue(issuer: TokenIssuer, namespace: str = "prod", audience: str = "istio-ca", hours: float = 1) -> str:
    return issuer.issue(
        namespace,
        "httpbin",
        pod_name="httpbin-1",
        pod_uid="4f7d",
        audience=audience,
        duration=timedelta(hours=hours),
        now=NOW,
    )


def test_a_token_has_kubernetes_claims(issuer: TokenIssuer) -> None:
    """The claims are those of a bound service-account token, in whole seconds, under the key's thumbprint."""
    token = jwt.decode(_issue(issuer), KeySet.import_key_set(json.loads(issuer.jwks())), algorithms=["ES256"])
    claims = dict(token.claims)
    assert len(claims.pop("jti")) == 36
    at = int(NOW.timestamp())
    assert claims == {
        "iss": ISSUER,
        "sub": "system:serviceaccount:prod:httpbin",
        "aud": ["istio-ca"],
        "iat": at,
        "nbf": at,
        "exp": at + 3600,
        "kubernetes.io": {
            "namespace": "prod",
            "pod": {"name": "httpbin-1", "uid": "4f7d"},
            "serviceaccount": {"name": "httpbin"},
        },
    }
    assert token.header["kid"] == json.loads(issuer.jwks())["keys"][0]["kid"]


def test_the_key_set_is_public(issuer: TokenIssuer) -> None:
    """What is given away has no private part."""
    (key,) = json.loads(issuer.jwks())["keys"]
    assert "d" not in key


def test_a_restart_keeps_the_key(tmp_path: Path, issuer: TokenIssuer) -> None:
    """The key is kept with mode 0600, and tokens from before a restart stay good."""
    path = tmp_path / "tokens.key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert TokenIssuer.open(path, ISSUER).jwks() == issuer.jwks()


@pytest.mark.parametrize("content", [b"", b"hello", key_pem(new_key())[:100], key_pem(new_key("EC P-384"))])
def test_a_damaged_key_is_not_replaced(tmp_path: Path, content: bytes) -> None:
    """An empty, truncated or wrong key file stops the start and stays as it is."""
    path = tmp_path / "tokens.key"
    write_file(path, content)
    with pytest.raises(StateError, match=r"tokens\.key"):
        TokenIssuer.open(path, ISSUER)
    assert path.read_bytes() == content


def test_a_key_that_others_can_read_is_refused(tmp_path: Path, issuer: TokenIssuer) -> None:
    """A key file that was opened up is named with what to do."""
    (tmp_path / "tokens.key").chmod(0o644)
    with pytest.raises(StateError, match="0644"):
        TokenIssuer.open(tmp_path / "tokens.key", ISSUER)


def test_nonsense_is_refused(issuer: TokenIssuer) -> None:
    """Names that would change the subject, no audience, and durations out of range make no token."""
    for namespace in ("", "a:b", "a/b", ".."):
        with pytest.raises(IdentityError):
            _issue(issuer, namespace=namespace)
    with pytest.raises(UsageError):
        _issue(issuer, audience="")
    for hours in (0, -1, 24 * 366):
        with pytest.raises(UsageError):
            _issue(issuer, hours=hours)
