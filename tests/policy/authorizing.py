"""Short ways to write policies and requests down in tests."""

from __future__ import annotations

from typing import Any

from meshtui.manifest.model import Metadata
from meshtui.manifest.policy_model import AuthorizationPolicy, Condition, PolicyAction, RequestTo, Rule, Source
from meshtui.policy.model import AccessRequest

TRUST_DOMAIN = "mesh.example"
SLEEP = "cluster.local/ns/prod/sa/sleep"
EVERYTHING = Rule()


def identity(name: str, namespace: str = "prod") -> str:
    """The SPIFFE ID of a service account."""
    return f"spiffe://{TRUST_DOMAIN}/ns/{namespace}/sa/{name}"


def policy(name: str, action: str, *rules: Rule, namespace: str = "prod", dry_run: bool = False) -> AuthorizationPolicy:
    """An AuthorizationPolicy about a whole namespace."""
    return AuthorizationPolicy(
        metadata=Metadata(name=name, namespace=namespace), action=PolicyAction(action), rules=rules, dry_run=dry_run
    )


def rule(
    source: dict[str, tuple[str, ...]] | None = None,
    to: dict[str, tuple[str, ...]] | None = None,
    **when: tuple[str, ...],
) -> Rule:
    """A rule of at most one source and one operation; nothing is written down of what is not given."""
    return Rule(
        sources=(Source(**source),) if source is not None else (),
        operations=(RequestTo(**to),) if to is not None else (),
        conditions=tuple(Condition(key=key, values=values) for key, values in when.items()),
    )


def request(caller: str = "", **attributes: Any) -> AccessRequest:
    """A request of a service account of namespace `prod`, or in plaintext."""
    return AccessRequest(principal=identity(caller) if caller else "", **attributes)
