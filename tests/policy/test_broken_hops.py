"""Contradictions of a whole mesh."""

from __future__ import annotations

from meshtui.manifest.model import Manifest
from meshtui.manifest.policy_model import ClientTlsMode
from meshtui.policy.broken_hops import BrokenHop, broken_hops, newly_broken
from meshtui.policy.client_tls import hop
from tests.policy.writing import DISABLE, STRICT, account, mesh, peer, rule, service, workload

TO_B = "b.prod.svc.cluster.local"


def broken(*policies: Manifest) -> tuple[BrokenHop, ...]:
    return broken_hops(mesh(*policies), "mesh.example")


def test_a_mesh_that_agrees_has_none() -> None:
    """Nothing said, STRICT and DISABLE throughout, and a workload without a sidecar: no contradiction."""
    assert [broken(), broken(peer("m", STRICT, "istio-system")), broken(peer("m", DISABLE, "istio-system"))] == [()] * 3


def test_a_blind_spot_of_auto_mtls_cuts_off_every_namespace() -> None:
    """Each port once, with all the namespaces that call alike, and a DestinationRule as the way out."""
    found = broken(peer("plain", DISABLE, selector={"app": "b"}))
    assert [(each.destination.name, each.port, each.namespaces) for each in found] == [
        ("b", 80, ("other", "prod")),
        ("b", 81, ("other", "prod")),
    ]
    assert found[0].fix == (
        f"Apply a DestinationRule for {TO_B} with trafficPolicy.tls.mode: DISABLE, "
        "or change the PeerAuthentication prod/plain."
    )


def test_a_rule_of_one_namespace_cuts_off_that_one() -> None:
    """Others call as before."""
    (first, _) = broken(peer("strict", STRICT), rule("r", TO_B, namespace="other"))
    assert (first.destination.name, first.namespaces) == ("b", ("other",))
    assert (
        first.fix == "Let the DestinationRule other/r say ISTIO_MUTUAL, or change the PeerAuthentication prod/strict."
    )


def test_a_name_that_nobody_has_is_mended_in_its_rule() -> None:
    """The identity that is missing is written out."""
    (first, _) = broken(rule("r", TO_B, ClientTlsMode.ISTIO_MUTUAL, names=("spiffe://x/y",)))
    assert first.fix == f"Let the subjectAltNames of the DestinationRule prod/r have {account('b')}."


def test_it_says_what_a_hop_says() -> None:
    """The same sentence as of each hop of its own."""
    catalog = mesh(peer("strict", STRICT), rule("r", "*.prod.svc.cluster.local", namespace="other"))
    found = {
        (each.destination.name, each.port, name)
        for each in broken_hops(catalog, "mesh.example")
        for name in each.namespaces
    }
    for source in ("prod/a", "other/c"):
        for name in ("a", "b"):
            for port in (80, 81):
                said = hop(
                    catalog,
                    source=workload(catalog, source),
                    service=service(catalog, f"prod/{name}"),
                    port=port,
                    destination=workload(catalog, f"prod/{name}"),
                    trust_domain="mesh.example",
                )
                assert said.works is ((name, port, source.partition("/")[0]) not in found)


def test_what_a_change_breaks_is_told_before_it_is_made() -> None:
    """In both directions; what was broken before is nothing new."""
    fine, cut = mesh(peer("strict", STRICT)), mesh(peer("strict", STRICT), rule("r", TO_B, namespace="other"))
    told = newly_broken(fine, cut, "mesh.example")
    assert [each.partition(" Port ")[2] for each in told] == [
        "80 of the Service prod/b cannot be called from: other.",
        "81 of the Service prod/b cannot be called from: other.",
    ]
    assert all("DestinationRule other/r says DISABLE" in each for each in told)
    assert newly_broken(cut, fine, "mesh.example") == ()
    assert newly_broken(cut, cut, "mesh.example") == ()
