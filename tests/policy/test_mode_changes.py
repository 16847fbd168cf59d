"""What a change does to the modes of workloads."""

from __future__ import annotations

from meshtui.policy.mode_changes import mode_changes
from tests.manifest.policy_writing import authorization_policy, peer_authentication
from tests.manifest.writing import deployment
from tests.policy.meshes import ONLY_A, with_policies
from tests.policy.writing import INJECTED

STRICT = peer_authentication("default", "STRICT", namespace="istio-system")
NOTHING = with_policies()


def test_what_gets_stricter_or_weaker_is_told() -> None:
    """With who it is and why, alike ones together; never a gateway or an agent."""
    assert mode_changes(NOTHING, with_policies(STRICT)) == (
        "mTLS goes from PERMISSIVE to STRICT, by the PeerAuthentication istio-system/default: workload/other/c, "
        "workload/prod/a, workload/prod/b.",
    )
    assert mode_changes(with_policies(STRICT), NOTHING) == (
        "mTLS goes from STRICT to PERMISSIVE, by Istio's default: workload/other/c, workload/prod/a, workload/prod/b.",
    )
    mixed = with_policies(STRICT, peer_authentication("p", "PERMISSIVE"), peer_authentication("q", "DISABLE", **ONLY_A))
    assert mode_changes(with_policies(STRICT), mixed) == (
        "mTLS goes from STRICT to DISABLE, by the PeerAuthentication prod/q: workload/prod/a.",
        "mTLS goes from STRICT to PERMISSIVE, by the PeerAuthentication prod/p: workload/prod/b.",
    )


def test_what_stays_is_not_told() -> None:
    """The same mode from elsewhere, another kind of policy, a workload that is only just coming."""
    assert mode_changes(with_policies(STRICT), with_policies(STRICT, peer_authentication("p", "STRICT"))) == ()
    assert mode_changes(NOTHING, with_policies(authorization_policy("p"))) == ()
    new = deployment("new", INJECTED, namespace="prod")
    strict_there = peer_authentication("p", "STRICT", selector={"matchLabels": {"app": "new"}})
    assert mode_changes(NOTHING, with_policies(strict_there, more=(new,))) == ()


def test_many_are_counted() -> None:
    """Three are named."""
    more = tuple(deployment(f"w{number}", INJECTED, namespace="prod") for number in range(3))
    (told,) = mode_changes(with_policies(more=more), with_policies(STRICT, more=more))
    assert told.endswith(": workload/other/c, workload/prod/a, workload/prod/b and 3 more.")
