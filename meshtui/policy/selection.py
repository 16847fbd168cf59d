"""Which policies are about a workload: those of its namespace and of the mesh whose selector fits its labels.

What they say, and which of them wins, is for the module of each kind.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import TypeVar

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.policy_model import (
    ROOT_NAMESPACE,
    AuthorizationPolicy,
    PeerAuthentication,
    Policy,
    RequestAuthentication,
)
from meshtui.manifest.workload import Workload

PolicyT = TypeVar("PolicyT", bound=Policy)

KINDS: tuple[type[Policy], ...] = (PeerAuthentication, AuthorizationPolicy, RequestAuthentication)


def policies_about(catalog: Catalog, workload: Workload, kind: type[PolicyT]) -> tuple[PolicyT, ...]:
    """The policies of one kind about a workload, those of the root namespace first, of each namespace oldest first.

    An empty selector takes every workload of the policy's namespace, and in the root namespace every workload of the
    mesh (Istio, WorkloadSelector). A PeerAuthentication with a selector in the root namespace is about nothing.
    """
    namespaces = dict.fromkeys((ROOT_NAMESPACE, workload.namespace))
    found = (policy for namespace in namespaces for policy in policies_in(catalog, namespace, kind))
    return tuple(policy for policy in found if _about(policy, workload))


def policies_in(catalog: Catalog, namespace: str, kind: type[PolicyT]) -> tuple[PolicyT, ...]:
    """All policies of one kind in a namespace, oldest first."""
    found = catalog.derived(_by_namespace).get((kind.kind, namespace), ())
    return tuple(policy for policy in found if isinstance(policy, kind))


def _about(policy: Policy, workload: Workload) -> bool:
    if isinstance(policy, PeerAuthentication) and policy.namespace == ROOT_NAMESPACE and policy.selector:
        return False
    return policy.selector.items() <= workload.labels.items()


def _by_namespace(catalog: Catalog) -> Mapping[tuple[str, str], list[Policy]]:
    groups: dict[tuple[str, str], list[Policy]] = defaultdict(list)
    for kind in KINDS:
        for policy in catalog.oldest_first(kind):
            groups[kind.kind, policy.namespace].append(policy)
    return groups
