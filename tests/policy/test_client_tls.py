"""Hops: what the client does, what the server takes, and what is said where the two do not come together."""

from __future__ import annotations

from typing import Any

from meshtui.manifest.model import Manifest
from meshtui.manifest.policy_model import ClientTls, ClientTlsMode
from meshtui.policy.client_tls import client_side, hop
from meshtui.policy.model import Hop, Transport
from tests.manifest.writing import document
from tests.policy.writing import DISABLE, STRICT, account, mesh, peer, rule, service, sidecar, workload

TO_B = "b.prod.svc.cluster.local"
A, B = {"app": "a"}, {"app": "b"}
ISTIO_MUTUAL = ClientTlsMode.ISTIO_MUTUAL
MESH_DISABLE = peer("mesh", DISABLE, "istio-system")
AGENT = sidecar("agent", labels={"sidecar.istio.io/inject": "false"})


def to_b(
    *policies: Manifest, source: str = "prod/a", port: int = 80, more: tuple[dict[str, Any], ...] = (), to: str = "b"
) -> Hop:
    catalog = mesh(*policies, more=more)
    return hop(
        catalog,
        source=workload(catalog, source) if source else None,
        service=service(catalog, f"prod/{to}"),
        port=port,
        destination=workload(catalog, "prod/b" if to != "agent" else "prod/agent"),
        trust_domain="mesh.example",
    )


def test_without_policies_proxies_speak_mtls() -> None:
    """Auto mTLS of a PERMISSIVE mesh: mTLS to whom secure naming names."""
    found = to_b()
    assert (Transport.MTLS, None, (account("b"),)) == (found.client, found.client_policy, found.identities)
    assert found.works


def test_plaintext_reaches_what_is_not_strict() -> None:
    """A caller without a proxy gets through to PERMISSIVE and DISABLE, and the words name the STRICT policy."""
    assert to_b(source="").works
    assert to_b(MESH_DISABLE, source="").works
    assert (
        to_b(peer("strict", STRICT), source="").problem
        == "The client sends plaintext (the caller has no proxy), but workload/prod/b takes only mTLS, "
        "by the PeerAuthentication prod/strict (STRICT)."
    )


def test_a_workload_without_a_proxy_speaks_plaintext() -> None:
    """As in Istio: an agent alone puts nothing on the wire."""
    found = to_b(peer("strict", STRICT), source="prod/agent", more=tuple(AGENT))
    assert (found.client, found.identities) == (Transport.PLAINTEXT, ())
    assert "workload/prod/agent has no proxy" in found.problem


def test_auto_mtls_follows_the_namespace() -> None:
    """Where the service's namespace or the mesh has DISABLE clients do not begin TLS at all."""
    found = to_b(MESH_DISABLE)
    assert (found.client, found.works) == (Transport.PLAINTEXT, True)
    assert to_b(MESH_DISABLE, peer("ns", STRICT)).client is Transport.MTLS


def test_a_workload_that_disables_mtls_breaks_the_hop() -> None:
    """Auto mTLS does not see it; both policies are named."""
    found = to_b(peer("ns", STRICT), peer("plain", DISABLE, selector=B))
    assert (
        found.problem == "The client begins mTLS (auto mTLS goes by the PeerAuthentication prod/ns (STRICT)), but "
        "workload/prod/b takes only plaintext, by the PeerAuthentication prod/plain (DISABLE). "
        "Auto mTLS does not look at policies with a selector."
    )


def test_a_destination_rule_mends_it() -> None:
    """With DISABLE on both ends plaintext goes through."""
    found = to_b(peer("ns", STRICT), peer("plain", DISABLE, selector=B), rule("plain", TO_B))
    assert (
        str(found.client_policy),
        found.client,
        found.problem,
    ) == ("DestinationRule prod/plain", Transport.PLAINTEXT, "")


def test_a_workload_stricter_than_its_namespace_breaks_plaintext() -> None:
    """A namespace with DISABLE and a workload with STRICT: auto mTLS sends plaintext, which is refused."""
    assert "The client sends plaintext (auto mTLS goes by the PeerAuthentication prod/ns (DISABLE)), but" in (
        to_b(peer("ns", DISABLE), peer("strict", STRICT, selector=B)).problem
    )


def test_a_destination_rule_is_taken_literally() -> None:
    """ISTIO_MUTUAL to a namespace with DISABLE, and DISABLE to one with STRICT, cannot work."""
    assert (
        to_b(MESH_DISABLE, rule("r", TO_B, ISTIO_MUTUAL)).problem
        == "The client begins mTLS (the DestinationRule prod/r says ISTIO_MUTUAL), but workload/prod/b takes only "
        "plaintext, by the PeerAuthentication istio-system/mesh (DISABLE)."
    )
    assert "(the DestinationRule prod/r says DISABLE), but" in to_b(peer("ns", STRICT), rule("r", TO_B)).problem


def test_names_of_a_destination_rule_are_in_place_of_the_accounts() -> None:
    """Who has none of them is not accepted; among several one is enough."""
    wrong = to_b(rule("r", TO_B, ISTIO_MUTUAL, names=("spiffe://x/y",)))
    assert wrong.identities == ("spiffe://x/y",)
    assert (
        f"workload/prod/b is {account('b')}, but the DestinationRule prod/r accepts only spiffe://x/y." == wrong.problem
    )
    assert to_b(rule("r", TO_B, ISTIO_MUTUAL, names=("spiffe://x/y", account("b")))).works


def test_ports_have_their_own_rules() -> None:
    """A DestinationRule's port is the Service's; the other port goes on as before."""
    plain = rule("r", TO_B, None, ports={81: ClientTls(mode=ClientTlsMode.DISABLE)})
    strict = peer("ns", STRICT)
    assert (to_b(strict, plain).works, to_b(strict, plain, port=81).works) == (True, False)


def test_the_mode_of_a_port_counts() -> None:
    """A port with DISABLE is as blind a spot of auto mTLS as a workload."""
    found = to_b(peer("own", STRICT, selector=B, ports={8080: DISABLE}))
    assert found.problem.endswith("(DISABLE). Auto mTLS does not look at policies with a selector.")


def test_a_service_that_leads_nowhere() -> None:
    """No workload, another workload, another port, no sidecar, and a gateway: each has its own words."""
    lonely = document("Service", "lonely", spec={"ports": [{"port": 80}], "selector": {"app": "nobody"}})
    assert (
        to_b(more=(lonely,), to="lonely").problem
    ) == "The Service prod/lonely selects no workload: nothing can answer for it."
    assert to_b(to="a").problem == "The Service prod/a does not select workload/prod/b."
    assert to_b(port=82).problem == "The Service prod/b has no port 82; it has 80, 81."
    assert (
        to_b(more=tuple(AGENT), to="agent").problem
    ) == "workload/prod/agent has no sidecar: nothing takes requests for it."


def test_a_gateway_calls_as_a_client_of_its_namespace() -> None:
    """A gateway looks up DestinationRules from where it is, and begins mTLS as sidecars do."""
    catalog = mesh(rule("own", TO_B, namespace="edge"), rule("theirs", TO_B, ISTIO_MUTUAL))
    found = client_side(catalog, "edge", service(catalog, "prod/b"), 80, "mesh.example")
    assert (found.transport, found.policy.name if found.policy else "") == (Transport.PLAINTEXT, "own")
