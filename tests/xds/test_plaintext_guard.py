"""The guard of plaintext."""

from __future__ import annotations

from typing import Any

import pytest
from envoy.extensions.filters.http.rbac.v3 import rbac_pb2

from meshtui.manifest.model import ObjectKey
from meshtui.manifest.policy_model import MtlsMode
from meshtui.policy.model import EffectiveMode
from meshtui.xds.naming import policy_in
from meshtui.xds.plaintext_guard import plaintext_guard

KEY = ObjectKey("PeerAuthentication", "prod", "strict")


def guard(mode: MtlsMode, policy: ObjectKey | None = KEY) -> Any:
    found = rbac_pb2.RBAC()
    assert plaintext_guard(EffectiveMode(mode=mode, policy=policy, scope="namespace")).typed_config.Unpack(found)
    return found


def test_strict_denies_everything_in_the_name_of_its_policy() -> None:
    """Whatever comes without TLS is refused, and Envoy's words lead back to the PeerAuthentication."""
    rules = guard(MtlsMode.STRICT).rules
    assert rules.action == rules.DENY
    ((name, policy),) = rules.policies.items()
    assert policy_in(f"rbac_access_denied_matched_policy[{name}]") == (KEY, None)
    assert ([each.any for each in policy.permissions], [each.any for each in policy.principals]) == ([True], [True])


@pytest.mark.parametrize("mode", [MtlsMode.PERMISSIVE, MtlsMode.DISABLE])
def test_other_modes_let_everything_pass(mode: MtlsMode) -> None:
    """No rules at all: Envoy enforces nothing."""
    assert guard(mode) == rbac_pb2.RBAC()
