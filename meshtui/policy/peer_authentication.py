"""Which mTLS mode a workload's port has, and which PeerAuthentication says so.

The rules are Istio's (`ComposePeerAuthentication`): a mode comes from the port, else the workload, the namespace, the
mesh; UNSET asks the wider scope; of several policies in one scope the oldest stands; without any it is PERMISSIVE.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.manifest.catalog import Catalog
from meshtui.manifest.policy_model import ROOT_NAMESPACE, MtlsMode, PeerAuthentication
from meshtui.manifest.workload import Workload
from meshtui.policy.model import EffectiveMode
from meshtui.policy.selection import policies_about, policies_in

DEFAULT = EffectiveMode(mode=MtlsMode.PERMISSIVE, policy=None, scope="default")
"""Where nothing says anything."""


def effective_mode(catalog: Catalog, workload: Workload, port: int) -> EffectiveMode:
    """The mode in which a workload takes connections to `port`, a port of its own and not of its Service."""
    own = [each for each in policies_about(catalog, workload, PeerAuthentication) if each.selector]
    if own:
        winner = own[0]
        at_port = winner.port_modes.get(port, MtlsMode.UNSET)
        for mode, scope in ((at_port, "port"), (winner.mode, "workload")):
            if mode is not MtlsMode.UNSET:
                return EffectiveMode(mode=mode, policy=winner.key, scope=scope)
    return namespace_mode(catalog, workload.namespace)


def namespace_mode(catalog: Catalog, namespace: str) -> EffectiveMode:
    """The mode of a namespace's workloads as far as no policy names them: all that clients' auto mTLS looks at."""
    return next(_by_scope(catalog, namespace), DEFAULT)


def _by_scope(catalog: Catalog, namespace: str) -> Iterator[EffectiveMode]:
    scopes = (
        {ROOT_NAMESPACE: "mesh"} if namespace == ROOT_NAMESPACE else {namespace: "namespace", ROOT_NAMESPACE: "mesh"}
    )
    for place, scope in scopes.items():
        whole = [each for each in policies_in(catalog, place, PeerAuthentication) if not each.selector]
        if whole and whole[0].mode is not MtlsMode.UNSET:
            yield EffectiveMode(mode=whole[0].mode, policy=whole[0].key, scope=scope)
