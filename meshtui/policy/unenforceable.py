"""What Istio takes and the sidecars of this mesh cannot enforce: addresses, where connections have none.

Whether that is so depends on what a policy is about, so it is asked of all objects together: a workload that would
come under such a policy is as unacceptable as the policy.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.policy_model import AuthorizationPolicy, Rule
from meshtui.manifest.workload import Proxy
from meshtui.policy.reach import workloads_under

_INSTEAD = {
    "ipBlocks": "use remoteIpBlocks, or select gateways only",
    "notIpBlocks": "use notRemoteIpBlocks, or select gateways only",
    "source.ip": "use remote.ip, or select gateways only",
    "destination.ip": "select the workloads, or gateways only",
}


def unenforceable(catalog: Catalog) -> tuple[str, ...]:
    """Each as `AuthorizationPolicy NAMESPACE/NAME: PATH: REASON`."""
    return tuple(problem for policy in catalog.all(AuthorizationPolicy) for problem in _problems(catalog, policy))


def _problems(catalog: Catalog, policy: AuthorizationPolicy) -> Iterator[str]:
    found = [place for index, rule in enumerate(policy.rules) for place in _places(rule, f"spec.rules[{index}]")]
    if not found:
        return
    sidecars = (each.target for each in workloads_under(catalog, policy) if each.proxy is Proxy.SIDECAR)
    if (first := next(sidecars, "")) != "":
        for path, name in found:
            yield (
                f"{policy.key}: {path}: {name} is valid in Istio but not supported here for {first}: there are Unix "
                f"sockets between the sidecars of this mesh, and no addresses; {_INSTEAD[name]}"
            )


def _places(rule: Rule, path: str) -> Iterator[tuple[str, str]]:
    """Where addresses are asked for, each with what asks for them."""
    for index, source in enumerate(rule.sources):
        for name, blocks in (("ipBlocks", source.ip_blocks), ("notIpBlocks", source.not_ip_blocks)):
            if blocks:
                yield f"{path}.from[{index}].source.{name}", name
    for index, condition in enumerate(rule.conditions):
        if condition.key in _INSTEAD:
            yield f"{path}.when[{index}].key", condition.key
