"""Reads an AuthorizationPolicy: which requests may pass, by who sends them and what they ask for.

A list that is there and empty is refused: it looks like nobody, and in Istio is as if it were not there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from meshtui.manifest import policy_texts
from meshtui.manifest.conditions import read_condition
from meshtui.manifest.fields import Check, Fields
from meshtui.manifest.model import Metadata
from meshtui.manifest.policy_model import AuthorizationPolicy, PolicyAction, RequestTo, Rule, Source
from meshtui.manifest.workload_selector import read_workload_selector

DRY_RUN = "istio.io/dry-run"
ACCOUNTS_MAX = 16
"""Service accounts of one list, as in Istio."""
_TRUE = ("1", "t", "T", "true", "TRUE", "True")
_FALSE = ("0", "f", "F", "false", "FALSE", "False")
_BY_ACCOUNT = ("serviceAccounts", "notServiceAccounts")
_BY_NAME = ("principals", "notPrincipals", "namespaces", "notNamespaces")


def read_authorization_policy(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> AuthorizationPolicy:
    """Read an AuthorizationPolicy; service accounts are completed with its namespace."""
    dry_run = _dry_run(fields, metadata.annotations.get(DRY_RUN))
    with fields.mapping("spec", required=True) as spec:
        selector = read_workload_selector(spec)
        spec.unsupported("provider", why="no external authorizer is asked")
        action = spec.text("action", "ALLOW", choices=[each.value for each in PolicyAction], elsewhere=("CUSTOM",))
        rules = tuple(_rule(each, metadata.namespace) for each in spec.items("rules"))
    return AuthorizationPolicy(
        metadata=metadata,
        document=document,
        selector=selector,
        action=PolicyAction(action),
        rules=rules,
        dry_run=dry_run,
    )


def _dry_run(fields: Fields, text: str | None) -> bool:
    if text is not None and text not in (*_TRUE, *_FALSE):
        fields.mapping("metadata").mapping("annotations").problem(DRY_RUN, 'expected "true" or "false"')
    return text in _TRUE


def _rule(fields: Fields, namespace: str) -> Rule:
    with fields:
        return Rule(
            sources=tuple(_source(each, namespace) for each in fields.items("from", required=fields.has("from"))),
            operations=tuple(map(_operation, fields.items("to", required=fields.has("to")))),
            conditions=tuple(
                read_condition(each, namespace) for each in fields.items("when", required=fields.has("when"))
            ),
        )


def _source(item: Fields, namespace: str) -> Source:
    with item, item.mapping("source", required=True) as fields:
        _not_empty(item, "source")
        fields.unsupported("trustDomains", "notTrustDomains", why="write principals, such as example.org/*")
        if any(map(fields.has, _BY_ACCOUNT)) and (others := [name for name in _BY_NAME if fields.has(name)]):
            fields.problem(_BY_ACCOUNT[0], f"cannot stand beside {' and '.join(others)}; use two sources")
        return Source(
            principals=_texts(fields, "principals", policy_texts.principal_problem),
            not_principals=_texts(fields, "notPrincipals", policy_texts.principal_problem),
            request_principals=_texts(fields, "requestPrincipals", policy_texts.pattern_problem),
            not_request_principals=_texts(fields, "notRequestPrincipals", policy_texts.pattern_problem),
            namespaces=_texts(fields, "namespaces", policy_texts.namespace_problem),
            not_namespaces=_texts(fields, "notNamespaces", policy_texts.namespace_problem),
            service_accounts=_accounts(fields, "serviceAccounts", namespace),
            not_service_accounts=_accounts(fields, "notServiceAccounts", namespace),
            ip_blocks=_texts(fields, "ipBlocks", policy_texts.address_problem),
            not_ip_blocks=_texts(fields, "notIpBlocks", policy_texts.address_problem),
            remote_ip_blocks=_texts(fields, "remoteIpBlocks", policy_texts.address_problem),
            not_remote_ip_blocks=_texts(fields, "notRemoteIpBlocks", policy_texts.address_problem),
        )


def _operation(item: Fields) -> RequestTo:
    with item, item.mapping("operation", required=True) as fields:
        _not_empty(item, "operation")
        return RequestTo(
            hosts=_texts(fields, "hosts", policy_texts.host_match_problem),
            not_hosts=_texts(fields, "notHosts", policy_texts.host_match_problem),
            ports=_texts(fields, "ports", policy_texts.port_problem),
            not_ports=_texts(fields, "notPorts", policy_texts.port_problem),
            methods=_texts(fields, "methods", policy_texts.method_match_problem),
            not_methods=_texts(fields, "notMethods", policy_texts.method_match_problem),
            paths=_texts(fields, "paths", policy_texts.path_match_problem),
            not_paths=_texts(fields, "notPaths", policy_texts.path_match_problem),
        )


def _not_empty(item: Fields, name: str) -> None:
    content = item.raw(name)
    if isinstance(content, Mapping) and all(value is None for value in content.values()):
        item.problem(name, "must not be empty: it would be anybody and anything; leave the list out for that")


def _texts(fields: Fields, name: str, check: Check) -> tuple[str, ...]:
    return fields.texts(name, required=fields.has(name), check=check)


def _accounts(fields: Fields, name: str, namespace: str) -> tuple[str, ...]:
    found = _texts(fields, name, policy_texts.account_problem)
    if len(found) > ACCOUNTS_MAX:
        fields.problem(name, f"has {len(found)} elements; at most {ACCOUNTS_MAX} are accepted")
    return tuple(policy_texts.in_namespace(each, namespace) for each in found)
