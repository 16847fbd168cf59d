"""Whether a request's tokens are acceptable to the RequestAuthentications about a workload.

As Istio has Envoy do it: a request without a token passes; one token that is valid for its issuer is enough; else
every token that is where an issuer looks for its own must be valid for that issuer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from meshtui.manifest.model import ObjectKey
from meshtui.manifest.policy_model import JwtHeader, JwtRule, RequestAuthentication
from meshtui.policy.model import AccessRequest
from meshtui.policy.tokens import Standing, Verdict, check_token

_DEFAULT_HEADER = JwtHeader(name="authorization", prefix="Bearer ")
_DEFAULT_PARAMETER = "access_token"
_LEGAL = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One rule of one policy that was asked."""

    policy: ObjectKey
    rule: int
    verdict: Verdict


@dataclass(frozen=True, kw_only=True)
class Authentication:
    """What the tokens of a request prove."""

    claims: Mapping[str, Any] | None = None
    """Of a valid token; None without one."""
    status: int = 200
    """401 or 403 where the request goes no further."""
    policy: ObjectKey | None = None
    """The one that refuses it, or whose token is valid."""
    reason: str = ""
    """A sentence, unless there was no token to speak of."""
    asked: tuple[Asked, ...] = ()

    @property
    def passes(self) -> bool:
        """Whether the request goes on to authorization."""
        return self.status == 200


def authenticate(policies: Sequence[RequestAuthentication], request: AccessRequest, now: datetime) -> Authentication:
    """Check the tokens of a request. `policies` are those about the workload that gets it, in any order."""
    rules = [(policy.key, index, rule) for policy in policies for index, rule in enumerate(policy.rules)]
    # as Envoy is told of them, under names that are compared as texts
    rules.sort(key=lambda each: f"ns[{each[0].namespace}]-jwt[{each[0].name}]-rule[{each[1]}]")
    asked = tuple(Asked(policy=key, rule=index, verdict=_of_rule(rule, request, now)) for key, index, rule in rules)
    for each in asked:
        if each.verdict.standing is Standing.VALID:
            reason = f"{each.policy} finds the token valid."
            return Authentication(claims=each.verdict.claims, policy=each.policy, reason=reason, asked=asked)
    presented = [each for each in asked if each.verdict.standing is not Standing.MISSING]
    if not presented:
        return Authentication(asked=asked)
    worst = _told(presented)
    return Authentication(
        status=403 if worst.verdict.standing is Standing.WRONG_AUDIENCE else 401,
        policy=worst.policy,
        reason=f"{worst.policy} finds the token not valid: {worst.verdict.reason}.",
        asked=asked,
    )


def _told(presented: Sequence[Asked]) -> Asked:
    """Whose verdict the caller hears: Envoy's choice, of an issuer that the token is of where there is one."""
    own = [each for each in presented if each.verdict.standing is not Standing.UNKNOWN_ISSUER]
    return presented[0] if presented[0] in own or not own else own[-1]


def locate(rule: JwtRule, request: AccessRequest) -> tuple[str, ...]:
    """The tokens that are where an issuer looks for them: headers first, then parameters of the query."""
    elsewhere = rule.from_headers or rule.from_params
    headers = rule.from_headers if elsewhere else (_DEFAULT_HEADER,)
    parameters = rule.from_params if elsewhere else (_DEFAULT_PARAMETER,)
    by_place = {(each.name.lower(), each.prefix): _in_header(each, request) for each in headers}
    in_headers = [token for _, token in sorted(by_place.items(), key=lambda item: "".join(item[0]))]
    given = _parameters(request.query)
    in_query = [given.get(name) for name in sorted(set(parameters))]
    return tuple(token for token in (*in_headers, *in_query) if token is not None)


def _of_rule(rule: JwtRule, request: AccessRequest, now: datetime) -> Verdict:
    verdict = Verdict(Standing.MISSING, "there is no token where it looks for one")
    # all of them must be valid, or a workload could take the wrong one for the one that was checked
    for token in reversed(locate(rule, request)):
        verdict = check_token(token, rule, now)
        if verdict.standing is not Standing.VALID:
            break
    return verdict


def _in_header(header: JwtHeader, request: AccessRequest) -> str | None:
    value = request.headers.get(header.name.lower())
    if value is None or header.prefix not in value:
        return None
    if not header.prefix:
        return value
    after = value.index(header.prefix) + len(header.prefix)
    start = next((index for index in range(after, len(value)) if value[index] in _LEGAL), None)
    return value if start is None else value[start:]


def _parameters(query: str) -> dict[str, str]:
    """The first value of each; `+` is no space here, as in Envoy."""
    found: dict[str, str] = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        found.setdefault(unquote(name), unquote(value))
    return found
