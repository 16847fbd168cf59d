"""RequestAuthentications as Envoy's JWT filter: whose tokens are valid, and what of them policies get to see.

A request without a token passes; one with a token that none of the issuers vouches for is answered with 401, and one
with a token for another audience with 403.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from envoy.extensions.filters.http.jwt_authn.v3 import config_pb2
from google.protobuf import empty_pb2

from meshtui.manifest.policy_model import JwtRule, RequestAuthentication
from meshtui.xds.claims import PAYLOAD

_LISTS_OF_WORDS = ("scope", "permission")
"""Claims whose value is a list written as one text, with spaces between (RFC 8693 for `scope`), as in Istio."""


def authentication(policies: Iterable[RequestAuthentication]) -> Any:
    """The JwtAuthentication of all policies together; without policies every request passes it untouched."""
    providers = {
        f"ns[{policy.namespace}]-jwt[{policy.name}]-rule[{index}]": _provider(rule)
        for policy in policies
        for index, rule in enumerate(policy.rules)
    }
    built = config_pb2.JwtAuthentication(providers=providers)
    if providers:
        built.rules.add(match={"prefix": "/"}, requires=_required(sorted(providers)))
    return built


def _required(providers: Sequence[str]) -> Any:
    """One valid token is enough, wherever issuers look for theirs; else every token that is there must be valid."""
    each_or_none = [_any_of([_of(name), _none()]) for name in providers]
    if len(providers) == 1:
        return each_or_none[0]
    all_or_none = config_pb2.JwtRequirement(requires_all={"requirements": each_or_none})
    return _any_of([*map(_of, providers), all_or_none])


def _of(provider: str) -> Any:
    return config_pb2.JwtRequirement(provider_name=provider)


def _none() -> Any:
    return config_pb2.JwtRequirement(allow_missing=empty_pb2.Empty())


def _any_of(requirements: Sequence[Any]) -> Any:
    return config_pb2.JwtRequirement(requires_any={"requirements": requirements})


def _provider(rule: JwtRule) -> Any:
    return config_pb2.JwtProvider(
        issuer=rule.issuer,
        audiences=rule.audiences,
        local_jwks={"inline_string": rule.jwks},
        forward=rule.forward,
        from_headers=[{"name": each.name, "value_prefix": each.prefix} for each in rule.from_headers],
        from_params=rule.from_params,
        payload_in_metadata=PAYLOAD,
        normalize_payload_in_metadata={"space_delimited_claims": _LISTS_OF_WORDS},
    )
