"""Rules that ask for an identity or a token where callers have none: a name catches nobody who comes in plaintext.

Only what is certain is said, and nothing of gateways: whom they let in, their Gateways say.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.policy_model import (
    AuthorizationPolicy,
    MtlsMode,
    PolicyAction,
    RequestAuthentication,
    Rule,
    Source,
)
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.model import EffectiveMode
from meshtui.policy.peer_authentication import effective_mode
from meshtui.policy.reach import enforcing
from meshtui.policy.selection import policies_about

_BY_TOKEN = "request.auth."  # noqa: S105 - the beginning of attributes
_BY_IDENTITY = ("source.principal", "source.namespace", "source.serviceAccount")


def unproven(catalog: Catalog, policy: AuthorizationPolicy) -> Iterator[str]:
    """Each as `PATH: REASON`."""
    under = enforcing(catalog, policy)
    open_to_plaintext = tuple(_open_to_plaintext(catalog, under))
    takes_tokens = any(_takes_tokens(catalog, each) for each in under)
    for index, rule in enumerate(policy.rules):
        path = f"spec.rules[{index}]"
        for workload, mode in open_to_plaintext:
            if reason := _reason(policy.action, rule, mode):
                yield f"{path}: {reason} at {workload.target}, which is {mode.mode} by {mode.policy or 'default'}"
                break
        if under and not takes_tokens and _asks_for_token(rule):
            yield f"{path}: no request has a valid token, without a RequestAuthentication about the same workloads"


def _open_to_plaintext(catalog: Catalog, workloads: tuple[Workload, ...]) -> Iterator[tuple[Workload, EffectiveMode]]:
    for workload in workloads:
        if workload.proxy is Proxy.SIDECAR:
            found = effective_mode(catalog, workload, workload.inbound_port)
            if found.mode is not MtlsMode.STRICT:
                yield workload, found


def _reason(action: PolicyAction, rule: Rule, mode: EffectiveMode) -> str:
    if _asks_for_identity(rule):
        if action is PolicyAction.DENY:
            return "who comes in plaintext has no identity, and is not denied"
        return "nobody has an identity" if mode.mode is MtlsMode.DISABLE else ""
    if action is PolicyAction.ALLOW and _excepts_identities(rule):
        return "who comes in plaintext has no identity, so is not excepted, and may pass"
    return ""


def _asks_for_identity(rule: Rule) -> bool:
    """Whether nobody without an identity matches."""
    asked = bool(rule.sources) and all(map(_names, rule.sources))
    return asked or any(each.values for each in rule.conditions if each.key in _BY_IDENTITY)


def _excepts_identities(rule: Rule) -> bool:
    excepted = any(_excepts(each) and not _names(each) for each in rule.sources)
    return excepted or any(each.not_values for each in rule.conditions if each.key in _BY_IDENTITY)


def _names(source: Source) -> bool:
    return bool(source.principals or source.namespaces or source.service_accounts)


def _excepts(source: Source) -> bool:
    return bool(source.not_principals or source.not_namespaces or source.not_service_accounts)


def _asks_for_token(rule: Rule) -> bool:
    """Whether nothing without a valid token matches."""
    asked = bool(rule.sources) and all(each.request_principals for each in rule.sources)
    return asked or any(each.values for each in rule.conditions if each.key.startswith(_BY_TOKEN))


def _takes_tokens(catalog: Catalog, workload: Workload) -> bool:
    return any(each.rules for each in policies_about(catalog, workload, RequestAuthentication))
