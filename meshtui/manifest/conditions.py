"""Reads `when` of an AuthorizationPolicy: attributes of a request, and what is asked of their values."""

from __future__ import annotations

import re
from collections.abc import Callable

from meshtui.manifest import policy_texts
from meshtui.manifest.fields import Check, Fields
from meshtui.manifest.http_texts import HEADER
from meshtui.manifest.policy_model import Condition

_VALUES: dict[str, Check] = {
    "source.ip": policy_texts.address_problem,
    "remote.ip": policy_texts.address_problem,
    "source.namespace": policy_texts.namespace_problem,
    "source.principal": policy_texts.principal_problem,
    "source.serviceAccount": policy_texts.account_problem,
    "request.auth.principal": policy_texts.pattern_problem,
    "request.auth.audiences": policy_texts.pattern_problem,
    "request.auth.presenter": policy_texts.pattern_problem,
    "destination.ip": policy_texts.address_problem,
    "destination.port": policy_texts.port_problem,
    "connection.sni": policy_texts.pattern_problem,
}
_CLAIMS = "request.auth.claims"
_HEADERS = "request.headers"
_CLAIM_NAMES = re.compile(r"(\[[^][]+\])+")
_EXPERIMENTAL = "experimental.envoy.filters."


def read_condition(fields: Fields, namespace: str) -> Condition:
    """Read one condition of a policy in `namespace`. Names of headers become lower case; claims stay as they are."""
    with fields:
        key = fields.text("key", required=True)
        problem, check = _attribute(key)
        if key and problem:
            fields.problem("key", problem)
        values = _values(fields, "values", check)
        not_values = _values(fields, "notValues", check)
        if not fields.has("values") and not fields.has("notValues"):
            fields.problem("values", "values or notValues are required, and missing")
    if key == "source.serviceAccount":
        values = tuple(policy_texts.in_namespace(each, namespace) for each in values)
        not_values = tuple(policy_texts.in_namespace(each, namespace) for each in not_values)
    return Condition(key=key.lower() if key.startswith(f"{_HEADERS}[") else key, values=values, not_values=not_values)


def _values(fields: Fields, name: str, check: Check) -> tuple[str, ...]:
    # an empty list looks like nobody, and would be like no list at all
    return fields.texts(name, required=fields.has(name), check=check)


def _attribute(key: str) -> tuple[str, Callable[[str], str]]:
    """Why there is no such attribute, and how its values are checked."""
    if check := _VALUES.get(key):
        return "", check
    if key.startswith(_EXPERIMENTAL):
        return f"{_EXPERIMENTAL}* is valid in Istio but not supported here", policy_texts.plain_problem
    if key.startswith(_HEADERS):
        return _header_problem(key.removeprefix(_HEADERS)), policy_texts.pattern_problem
    if key.startswith(_CLAIMS):
        names = key.removeprefix(_CLAIMS)
        wrong = not _CLAIM_NAMES.fullmatch(names) or policy_texts.plain_problem(names)
        return (
            f"expected {_CLAIMS}[NAME], or [NAME][NAME] for nested ones" if wrong else "",
            policy_texts.pattern_problem,
        )
    known = ", ".join((*_VALUES, f"{_CLAIMS}[NAME]", f"{_HEADERS}[NAME]"))
    text = key if key.isprintable() and len(key) < 80 else "of this name"
    return f"there is no attribute {text}; use one of {known}", policy_texts.plain_problem


def _header_problem(text: str) -> str:
    name = text[1:-1].lower() if text.startswith("[") and text.endswith("]") else ""
    if name.startswith(":"):
        return "pseudo-headers are valid in Istio but not supported here; use hosts, methods or paths"
    return "" if HEADER.fullmatch(name) else f"expected {_HEADERS}[NAME] with the name of a header"
