"""Who is where, for logs that name only sockets, clusters and SPIFFE IDs. Pure: made anew when the manifests change."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.model import Service
from meshtui.manifest.policy_model import AuthorizationPolicy, PolicyAction, RequestAuthentication
from meshtui.policy.peer_authentication import effective_mode
from meshtui.policy.selection import policies_about
from meshtui.xds import naming

_NAMED = 3
"""As many policies as a row has room for."""


@dataclass(frozen=True, kw_only=True)
class Directory:
    """What logs are read with."""

    identities: Mapping[str, str] = field(default_factory=dict)
    """Target of a workload → its SPIFFE ID."""
    holders: Mapping[str, str] = field(default_factory=dict)
    """SPIFFE ID → target of the only workload that has it."""
    sockets: Mapping[str, str] = field(default_factory=dict)
    """Path of a sidecar's inbound socket → target."""
    services: Mapping[str, str] = field(default_factory=dict)
    """Full name of a service → target of the only workload behind it."""
    own_service: Mapping[str, str] = field(default_factory=dict)
    """Target → full name of the only service that it stands behind."""
    peer_authentication: Mapping[str, str] = field(default_factory=dict)
    """Target → the policy that says whether plaintext may come in, where one does."""
    request_authentication: Mapping[str, str] = field(default_factory=dict)
    """Target → the only RequestAuthentication about it: Envoy does not name the one that refused a token."""
    allowing: Mapping[str, str] = field(default_factory=dict)
    """Target → the ALLOW policies about it, of which a request that none of them matches is denied."""
    principals: str = "spiffe://"
    """How the names of this mesh's own workloads begin."""

    @classmethod
    def of(cls, catalog: Catalog, trust_domain: str, inbound: Mapping[str, Path]) -> Directory:
        """`inbound` are the sockets of all sidecars, by target."""
        workloads = catalog.workloads()
        identities = {each.target: naming.spiffe_id(trust_domain, each) for each in workloads}
        behind = tuple((naming.full_name(each), catalog.workloads_of(each)) for each in catalog.all(Service))
        modes = {
            each.target: effective_mode(catalog, each, each.ports[0].port if each.ports else 0).policy
            for each in workloads
            if each.target in inbound
        }
        return cls(
            identities=identities,
            holders=_only((identity, target) for target, identity in identities.items()),
            sockets={str(path): target for target, path in inbound.items()},
            services=_only((name, each.target) for name, found in behind for each in found),
            own_service=_only((each.target, name) for name, found in behind for each in found),
            peer_authentication={target: str(key) for target, key in modes.items() if key is not None},
            request_authentication=_only(
                (each.target, str(policy.key))
                for each in workloads
                for policy in policies_about(catalog, each, RequestAuthentication)
            ),
            allowing=dict(_allowing(catalog)),
            principals=f"spiffe://{trust_domain}/",
        )


def _allowing(catalog: Catalog) -> Iterator[tuple[str, str]]:
    for workload in catalog.workloads():
        names = [
            str(policy.key)
            for policy in policies_about(catalog, workload, AuthorizationPolicy)
            if policy.action is PolicyAction.ALLOW and not policy.dry_run
        ]
        if names:
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield workload.target, ", ".join(names[:_NAMED]) + more


def _only(pairs: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Those names that stand for one thing alone."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, target in pairs:
        found[name].add(target)
    return {name: next(iter(targets)) for name, targets in found.items() if len(targets) == 1}
