"""What a policy says that can hardly be meant, as the mesh is now: warned of when it is applied, and accepted.

As dangling references it may be put right by what comes later: an account, a STRICT mode, a RequestAuthentication.
Only what is certain is said.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Deployment, Namespace, Service, ServiceAccount
from meshtui.manifest.policy_model import (
    AuthorizationPolicy,
    DestinationRule,
    PeerAuthentication,
    Policy,
    PolicyAction,
    Rule,
)
from meshtui.manifest.workload import Proxy, Workload
from meshtui.policy.effect import no_effect
from meshtui.policy.reach import enforcing
from meshtui.policy.selection import KINDS
from meshtui.policy.unknown_callers import unknown_callers
from meshtui.policy.unproven import unproven

_MADE_FROM = (Namespace, ServiceAccount, Service, Deployment, DestinationRule, *KINDS)


def warnings(catalog: Catalog, trust_domain: str) -> tuple[str, ...]:
    """What is accepted of policies, and has no effect or can hardly be meant: `KIND NAMESPACE/NAME: REASON`."""
    return catalog.kept(_MADE_FROM, _warnings, trust_domain)


def _warnings(catalog: Catalog, trust_domain: str) -> tuple[str, ...]:
    policies: list[Policy | DestinationRule] = [policy for kind in KINDS for policy in catalog.all(kind)]
    policies += catalog.all(DestinationRule)
    return tuple(f"{each.key}: {reason}" for each in policies for reason in _reasons(catalog, each, trust_domain))


def _reasons(catalog: Catalog, policy: Policy | DestinationRule, trust_domain: str) -> Iterator[str]:
    if reason := no_effect(catalog, policy):
        yield reason
    elif isinstance(policy, PeerAuthentication | AuthorizationPolicy):
        yield from oversights(catalog, policy, trust_domain)


def oversights(catalog: Catalog, policy: PeerAuthentication | AuthorizationPolicy, trust_domain: str) -> Iterator[str]:
    """Each as `PATH: REASON`."""
    if isinstance(policy, PeerAuthentication):
        yield from _unknown_ports(catalog, policy)
        return
    if policy.action is PolicyAction.ALLOW and not policy.rules:
        dry = " would be" if policy.dry_run else " is"
        yield f"spec.rules: ALLOW without rules allows nothing: what no other ALLOW policy lets pass{dry} denied"
    under = enforcing(catalog, policy)
    sidecars = tuple(each for each in under if each.proxy is Proxy.SIDECAR)
    for index, rule in enumerate(policy.rules):
        path = f"spec.rules[{index}]"
        yield from unknown_callers(catalog, rule, path, trust_domain)
        yield from _of_requests(rule, path)
        if sidecars and len(sidecars) == len(under):
            yield from _of_ports(rule, path, sidecars)
    yield from unproven(catalog, policy)


def _unknown_ports(catalog: Catalog, policy: PeerAuthentication) -> Iterator[str]:
    taken = {each.inbound_port for each in enforcing(catalog, policy)}
    for port in sorted(policy.port_modes):
        if port not in taken:
            yield f"spec.portLevelMtls.{port}: {_not_there(taken)}"


def _of_requests(rule: Rule, path: str) -> Iterator[str]:
    for index, operation in enumerate(rule.operations):
        place = f"{path}.to[{index}].operation"
        for name, methods in (("methods", operation.methods), ("notMethods", operation.not_methods)):
            for number, method in enumerate(methods):
                if method != method.upper():
                    yield f"{place}.{name}[{number}]: methods have a case; HTTP's own are {method.upper()} and the like"
        for name, paths in (("paths", operation.paths), ("notPaths", operation.not_paths)):
            for number, text in enumerate(paths):
                if reason := _path_reason(text):
                    yield f"{place}.{name}[{number}]: {reason}"


def _path_reason(text: str) -> str:
    if not text.startswith(("/", "*")):
        return "no path begins like this; paths begin with /"
    return "paths are compared without their query and fragment" if set(text) & set("?#") else ""


def _of_ports(rule: Rule, path: str, sidecars: tuple[Workload, ...]) -> Iterator[str]:
    taken = {each.inbound_port for each in sidecars}
    for place, ports in _ports(rule, path):
        if ports and not taken & set(map(int, ports)):
            yield f"{place}: {_not_there(taken)}"


def _not_there(taken: Collection[int]) -> str:
    known = ", ".join(str(port) for port in sorted(taken) if port) or "no port at all"
    return f"no workload that it is about takes requests there, but on {known}"


def _ports(rule: Rule, path: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for index, operation in enumerate(rule.operations):
        yield f"{path}.to[{index}].operation.ports", operation.ports
    for index, condition in enumerate(rule.conditions):
        if condition.key == "destination.port":
            yield f"{path}.when[{index}].values", condition.values
