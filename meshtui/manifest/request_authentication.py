"""Reads a RequestAuthentication: whose tokens of end users are valid. That one must be there, an
AuthorizationPolicy asks.
"""

from __future__ import annotations

from typing import Any

from meshtui.manifest.fields import Fields
from meshtui.manifest.http_texts import HEADER
from meshtui.manifest.key_set import usable_keys
from meshtui.manifest.model import Metadata
from meshtui.manifest.policy_model import JwtHeader, JwtRule, RequestAuthentication
from meshtui.manifest.policy_texts import plain_problem
from meshtui.manifest.workload_selector import read_workload_selector


def read_request_authentication(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> RequestAuthentication:
    """Read a RequestAuthentication."""
    with fields.mapping("spec", required=True) as spec:
        selector = read_workload_selector(spec)
        rules = tuple(map(_rule, spec.items("jwtRules")))
    return RequestAuthentication(metadata=metadata, document=document, selector=selector, rules=rules)


def _rule(fields: Fields) -> JwtRule:
    with fields:
        fields.unsupported("jwksUri", "jwks_uri", why="this mesh fetches nothing; put the keys into jwks")
        fields.unsupported("fromCookies", why="use fromHeaders or fromParams")
        fields.unsupported("outputPayloadToHeader", "outputClaimToHeaders", "spaceDelimitedClaims")
        fields.unsupported("timeout", why="this mesh fetches nothing")
        return JwtRule(
            issuer=fields.text("issuer", required=True, check=plain_problem),
            audiences=fields.texts("audiences", required=fields.has("audiences"), check=plain_problem),
            jwks=_jwks(fields),
            from_headers=tuple(map(_header, fields.items("fromHeaders", required=fields.has("fromHeaders")))),
            from_params=fields.texts("fromParams", required=fields.has("fromParams"), check=_parameter_problem),
            forward=fields.boolean("forwardOriginalToken"),
        )


def _jwks(fields: Fields) -> str:
    text = fields.raw("jwks")
    if text is None or text == "":
        if not fields.has("jwksUri") and not fields.has("jwks_uri"):
            fields.problem("jwks", "required, and missing: this mesh fetches nothing, so put the issuer's keys here")
        return ""
    # may be a private key by mistake: never shown
    if not isinstance(text, str):
        fields.problem("jwks", "expected a JSON Web Key Set as text (it is not shown)")
        return ""
    try:
        return usable_keys(text)
    except ValueError as error:
        fields.problem("jwks", str(error))
        return ""


def _header(fields: Fields) -> JwtHeader:
    with fields:
        name = fields.text("name", required=True, check=_header_problem)
        prefix = fields.text("prefix", check=lambda text: "" if text.isprintable() else "cannot be printed")
        return JwtHeader(name=name.lower(), prefix=prefix)


def _header_problem(text: str) -> str:
    return "" if HEADER.fullmatch(text.lower()) else "expected the name of a header"


def _parameter_problem(text: str) -> str:
    return plain_problem(text) or ("expected the name of a parameter" if set(text) & set("&=#? ") else "")
