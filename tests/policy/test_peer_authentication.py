"""The effective mTLS mode: Istio's cases of composed PeerAuthentications."""

from __future__ import annotations

import pytest

from meshtui.manifest.policy_model import MtlsMode, PeerAuthentication
from meshtui.policy.peer_authentication import effective_mode, namespace_mode
from tests.policy.writing import DISABLE, PERMISSIVE, STRICT, UNSET, mesh, peer, workload

A = {"app": "a"}
MESH_STRICT = peer("mesh", STRICT, "istio-system")

Case = tuple[tuple[PeerAuthentication, ...], MtlsMode, str, str]
CASES: dict[str, Case] = {
    "nothing says anything": ((), PERMISSIVE, "default", ""),
    "the mesh": ((MESH_STRICT,), STRICT, "mesh", "mesh"),
    "the namespace before the mesh": ((MESH_STRICT, peer("ns", DISABLE)), DISABLE, "namespace", "ns"),
    "the workload before the namespace": (
        (MESH_STRICT, peer("ns", DISABLE), peer("own", PERMISSIVE, selector=A)),
        PERMISSIVE,
        "workload",
        "own",
    ),
    "the port before the workload": (
        (peer("own", STRICT, selector=A, ports={8080: DISABLE}),),
        DISABLE,
        "port",
        "own",
    ),
    "another port is no matter": (
        (peer("own", STRICT, selector=A, ports={9090: DISABLE}),),
        STRICT,
        "workload",
        "own",
    ),
    "an unset port asks the workload": (
        (peer("own", STRICT, selector=A, ports={8080: UNSET}),),
        STRICT,
        "workload",
        "own",
    ),
    "an unset workload asks the namespace": (
        (peer("ns", STRICT), peer("own", selector=A)),
        STRICT,
        "namespace",
        "ns",
    ),
    "an unset workload still has its ports": (
        (peer("ns", STRICT), peer("own", selector=A, ports={8080: PERMISSIVE})),
        PERMISSIVE,
        "port",
        "own",
    ),
    "an unset namespace asks the mesh": ((MESH_STRICT, peer("ns")), STRICT, "mesh", "mesh"),
    "an unset mesh is the default": ((peer("mesh", UNSET, "istio-system"),), PERMISSIVE, "default", ""),
    "the oldest of a scope": (
        (peer("a", DISABLE, created_at="2026-02-01"), peer("b", STRICT, created_at="2026-01-01")),
        STRICT,
        "namespace",
        "b",
    ),
    "the oldest of a scope, even unset": (
        (MESH_STRICT, peer("a", DISABLE, created_at="2026-02-01"), peer("b", created_at="2026-01-01")),
        STRICT,
        "mesh",
        "mesh",
    ),
    "the oldest workload policy has the ports": (
        (
            peer("new", DISABLE, selector=A, ports={8080: DISABLE}, created_at="2026-02-01"),
            peer("old", STRICT, selector=A, created_at="2026-01-01"),
        ),
        STRICT,
        "workload",
        "old",
    ),
    "a selector in the root namespace is ignored": (
        (peer("root", DISABLE, "istio-system", A), MESH_STRICT),
        STRICT,
        "mesh",
        "mesh",
    ),
    "a policy about others": ((peer("own", STRICT, selector={"app": "b"}),), PERMISSIVE, "default", ""),
    "a policy of another namespace": ((peer("other", STRICT, "other"),), PERMISSIVE, "default", ""),
}


@pytest.mark.parametrize(("policies", "mode", "scope", "name"), CASES.values(), ids=CASES)
def test_modes(policies: tuple[PeerAuthentication, ...], mode: MtlsMode, scope: str, name: str) -> None:
    """Which mode port 8080 of `a` has, by which policy, of which scope."""
    catalog = mesh(*policies)
    found = effective_mode(catalog, workload(catalog, "prod/a"), 8080)
    assert (mode, scope, name) == (found.mode, found.scope, found.policy.name if found.policy else "")


def test_clients_do_not_see_policies_with_a_selector() -> None:
    """What auto mTLS looks at is the namespace and the mesh alone."""
    catalog = mesh(MESH_STRICT, peer("own", DISABLE, selector=A))
    found = namespace_mode(catalog, "prod")
    assert (found.mode, found.scope) == (STRICT, "mesh")


def test_the_root_namespace_is_the_mesh() -> None:
    """A policy of the root namespace is about the mesh, also for what is in that namespace."""
    found = namespace_mode(mesh(MESH_STRICT), "istio-system")
    assert (found.mode, found.scope) == (STRICT, "mesh")
