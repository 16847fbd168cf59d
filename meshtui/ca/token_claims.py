"""What a verified token says, checked: whose it is, for whom, and when. Pure; verifies no signature.

The claims are those of Kubernetes' bound service-account tokens; of other issuers only the standard ones are needed.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import msgspec

from meshtui.ca.bearer import refuse, shown
from meshtui.ca.caller import Caller
from meshtui.ca.refusal import Reason
from meshtui.errors import IdentityError
from meshtui.identity.spiffe import SpiffeId

LEEWAY = 5
"""Seconds by which the issuer's clock may be ahead. There is none after `exp`."""
MAX_NAME = 253
MAX_AUDIENCES = 100

_SUBJECT = "system:serviceaccount"


class _Named(msgspec.Struct, frozen=True):
    name: str


class Pod(msgspec.Struct, frozen=True):
    """Which pod the token is bound to."""

    name: str
    uid: str


class Workload(msgspec.Struct, frozen=True):
    """Kubernetes' own claim."""

    namespace: str
    serviceaccount: _Named
    pod: Pod | None = None


class Claims(msgspec.Struct, frozen=True, rename={"kubernetes": "kubernetes.io"}):
    """What a token must say. Times are whole seconds, never floats."""

    iss: str
    sub: str
    aud: str | list[str]
    exp: int
    iat: int = 0
    nbf: int = 0
    kubernetes: Workload | None = None


def read_claims(payload: dict[str, Any]) -> Claims:
    """The claims as values; raises RefusalError when one is missing or of another kind."""
    try:
        return msgspec.convert(payload, Claims)
    except (msgspec.ValidationError, RecursionError) as error:
        refuse(Reason.BAD_CREDENTIAL, f"The token's claims are not those of a service account: {error}.", error)


def check_claims(claims: Claims, issuer: str, audiences: Collection[str], now: int) -> None:
    """Raises RefusalError for a token of another issuer, for others, or out of its time (`now` in Unix seconds)."""
    named = [claims.aud] if isinstance(claims.aud, str) else claims.aud[:MAX_AUDIENCES]
    if claims.iss != issuer:
        refuse(Reason.BAD_CREDENTIAL, f"token issuer was {shown(claims.iss)}, expected {issuer!r}")
    if not any(audience in audiences for audience in named):
        wanted = " or ".join(repr(audience) for audience in audiences)
        refuse(Reason.BAD_CREDENTIAL, f"token audience was {shown(claims.aud)}, expected {wanted}")
    if now >= claims.exp:
        refuse(Reason.EXPIRED_CREDENTIAL, f"The token expired {now - claims.exp} s ago.")
    if (ahead := max(claims.nbf, claims.iat) - now) > LEEWAY:
        refuse(Reason.BAD_CREDENTIAL, f"The token is from the future: valid in {ahead} s; are the clocks right?")


def caller_of(claims: Claims, trust_domain: str, authenticator: str) -> Caller:
    """The service account that the subject names, and the pod if the token is bound to one; raises RefusalError."""
    match claims.sub.split(":"):
        case ["system", "serviceaccount", namespace, account]:
            pass
        case _:
            refuse(Reason.BAD_CREDENTIAL, f"The token's subject {shown(claims.sub)} is not a service account.")
    pod_name, pod_uid = "", ""
    if (workload := claims.kubernetes) is not None:
        if claims.sub != f"{_SUBJECT}:{workload.namespace}:{workload.serviceaccount.name}":
            refuse(Reason.BAD_CREDENTIAL, f"The token's subject {shown(claims.sub)} is not its service account.")
        if workload.pod is not None:
            pod_name, pod_uid = workload.pod.name, workload.pod.uid
            _check_names(pod_name, pod_uid)
    _check_names(namespace, account)
    try:
        spiffe_id = SpiffeId.for_service_account(trust_domain, namespace, account)
    except IdentityError as error:
        refuse(Reason.BAD_CREDENTIAL, error.message, error)
    return Caller(spiffe_id, namespace, account, pod_name, pod_uid, authenticator)


def _check_names(*names: str) -> None:
    if not all(0 < len(name) <= MAX_NAME and name.isprintable() for name in names):
        refuse(Reason.BAD_CREDENTIAL, "A name in the token is empty, too long or not printable.")
