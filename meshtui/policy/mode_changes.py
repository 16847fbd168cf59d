"""What a change of manifests does to the mTLS modes of workloads, in words, before it is done."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.policy_model import PeerAuthentication
from meshtui.manifest.workload import Proxy
from meshtui.policy.model import EffectiveMode
from meshtui.policy.peer_authentication import effective_mode

_NAMED = 3
"""Workloads that are named of those that change alike."""


def mode_changes(before: Catalog, after: Catalog) -> tuple[str, ...]:
    """A sentence for each change of mode that workloads with a sidecar see; none for those that come or go."""
    if before.all(PeerAuthentication) == after.all(PeerAuthentication):
        return ()
    old, new = _modes(before), _modes(after)
    alike: dict[str, list[str]] = defaultdict(list)
    for target in old.keys() & new.keys():
        if old[target].mode is not new[target].mode:
            why = f"by the {new[target].policy}" if new[target].policy else "by Istio's default"
            alike[f"mTLS goes from {old[target].mode} to {new[target].mode}, {why}"].append(target)
    return tuple(sorted(f"{what}: {_listed(sorted(targets))}." for what, targets in alike.items()))


def _modes(catalog: Catalog) -> Mapping[str, EffectiveMode]:
    return {
        each.target: effective_mode(catalog, each, each.inbound_port)
        for each in catalog.workloads()
        if each.proxy is Proxy.SIDECAR
    }


def _listed(targets: list[str]) -> str:
    more = len(targets) - _NAMED
    return ", ".join(targets[:_NAMED]) + (f" and {more} more" if more > 0 else "")
