"""The first filter of what comes in plaintext: in STRICT it turns every request away.

A listener that no longer takes plaintext lets its old connections live while they drain. The guard still reaches them,
by ECDS, so that a move to STRICT binds their next request at once. New ones find no filter chain and are reset.
"""

from __future__ import annotations

from typing import Any

from envoy.config.rbac.v3 import rbac_pb2 as rules
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2

from meshtui.manifest.policy_model import MtlsMode
from meshtui.policy.model import EffectiveMode
from meshtui.xds import naming
from meshtui.xds.extensions import PLAINTEXT, extension


def plaintext_guard(mode: EffectiveMode) -> Any:
    """The resource of the filter PLAINTEXT for a workload of this mode. A 403 of it names the PeerAuthentication."""
    if mode.mode is not MtlsMode.STRICT or mode.policy is None:
        return extension(PLAINTEXT, rbac_pb2.RBAC())
    everything = rules.Policy(permissions=[{"any": True}], principals=[{"any": True}])
    denied = rules.RBAC(action=rules.RBAC.DENY, policies={naming.plaintext_rule(mode.policy): everything})
    return extension(PLAINTEXT, rbac_pb2.RBAC(rules=denied))
