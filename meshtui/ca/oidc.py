"""Tokens of an issuer outside the mesh, such as a cluster's: by configuration alone, Istio's JWT_RULE.

As in Istio (security/pkg/server/ca/authenticate/oidc.go) the subject must be a service account; its identity is of
our trust domain, and no pod stands behind it. The signature is only looked at when the token names this issuer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from joserfc import jwt
from joserfc.errors import JoseError

from meshtui.ca.bearer import bearer_token, claimed_issuer, key_id, refuse, shown
from meshtui.ca.caller import Caller, Credentials
from meshtui.ca.key_source import KeySource
from meshtui.ca.records import Policy
from meshtui.ca.refusal import Reason
from meshtui.ca.token_claims import caller_of, check_claims, read_claims


class OidcAuthenticator:
    """Accepts tokens of one issuer, for any of some audiences."""

    def __init__(self, issuer: str, audiences: Sequence[str], keys: KeySource, trust_domain: str) -> None:
        self.name = f"oidc {issuer}"
        self._issuer = issuer
        self._audiences = tuple(audiences)
        self._keys = keys
        self._trust_domain = trust_domain

    def authenticate(self, credentials: Credentials, now: datetime) -> Caller:
        """The service account that the one bearer token names."""
        token = bearer_token(credentials.headers)
        if (issuer := claimed_issuer(token)) != self._issuer:
            refuse(Reason.BAD_CREDENTIAL, f"token issuer was {shown(issuer)}, expected {self._issuer!r}")
        kid = key_id(token)
        key = self._keys.keys(now).get(kid)
        if key is None:
            self._keys.look_soon()
            refuse(Reason.BAD_CREDENTIAL, f"The token is signed with the key {shown(kid)}, which its issuer has not.")
        try:
            payload = jwt.decode(token, key.key, algorithms=list(key.algorithms)).claims
        except (JoseError, ValueError, KeyError, TypeError, RecursionError) as error:
            refuse(Reason.BAD_CREDENTIAL, f"The token is malformed or does not verify ({type(error).__name__}).", error)
        claims = read_claims(payload)
        check_claims(claims, self._issuer, self._audiences, int(now.timestamp()))
        # its pods are not ours: what it says of them must neither join with our workloads nor stand on our nodes
        caller = caller_of(claims, self._trust_domain, self.name)
        return replace(caller, pod_name="", pod_uid="", policy=Policy.OUTSIDE_ISSUER)
