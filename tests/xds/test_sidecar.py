"""The two listeners of a sidecar."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.policy_model import MtlsMode
from meshtui.wire.discovery import CLUSTER, EXTENSION, LISTENER, ROUTE, SECRET
from meshtui.xds.http import HttpConnectionManager
from meshtui.xds.resources import resources_of
from tests.manifest.writing import deployment, to, virtual_service
from tests.policy.writing import MESH_WIDE, peer
from tests.xds.reading import (
    HTTPBIN_CLUSTER,
    SLEEP,
    as_json,
    clusters_of,
    context,
    manager,
    mesh,
    resources,
    server_tls,
)

ROUTER = "envoy.filters.http.router"
MUTUAL, PLAINTEXT_ONLY = ("tls", True), ("raw_buffer", False)


def inbound(mode: MtlsMode) -> Any:
    return resources(mesh().apply((peer("mode", mode),)), SLEEP)[LISTENER]["inbound"]


@pytest.mark.parametrize(
    ("mode", "chains"),
    [
        (MtlsMode.STRICT, [MUTUAL]),
        (MtlsMode.PERMISSIVE, [MUTUAL, PLAINTEXT_ONLY]),
        (MtlsMode.DISABLE, [PLAINTEXT_ONLY]),
    ],
)
def test_each_mode_has_its_filter_chains(mode: MtlsMode, chains: list[tuple[str, bool]]) -> None:
    """TLS and plaintext are told apart before a chain is chosen; each is taken only where the mode says so."""
    listener = inbound(mode)
    assert [item.name for item in listener.listener_filters] == ["envoy.filters.listener.tls_inspector"]
    assert chains == [
        (chain.filter_chain_match.transport_protocol, chain.HasField("transport_socket"))
        for chain in listener.filter_chains
    ]


def test_nothing_said_is_permissive() -> None:
    """Without any PeerAuthentication a workload takes both, as in Istio."""
    assert resources(mesh().remove(MESH_WIDE), SLEEP)[LISTENER]["inbound"] == inbound(MtlsMode.PERMISSIVE)


def test_a_chain_that_stays_is_the_same_to_the_byte() -> None:
    """Envoy drains a filter chain that is in any way another: a change of the mode leaves the one that stays alone."""
    strict, permissive, disable = map(inbound, (MtlsMode.STRICT, MtlsMode.PERMISSIVE, MtlsMode.DISABLE))
    assert [strict.filter_chains[0], disable.filter_chains[0]] == list(permissive.filter_chains)
    for each in (strict, permissive, disable):
        each.ClearField("filter_chains")
    assert strict == permissive == disable


def test_inbound_demands_an_identity_of_the_mesh() -> None:
    """Whoever connects by TLS shows a certificate of the trust domain, in every connection anew."""
    tls = server_tls(inbound(MtlsMode.STRICT).filter_chains[0])
    assert tls.require_client_certificate.value
    assert tls.disable_stateless_session_resumption
    accepted = tls.common_tls_context.combined_validation_context.default_validation_context
    # with its slash: cluster.local.evil is another trust domain
    assert [item.matcher.prefix for item in accepted.match_typed_subject_alt_names] == ["spiffe://cluster.local/"]
    assert as_json(tls)["common_tls_context"]["tls_params"]["tls_minimum_protocol_version"] == "TLSv1_2"


def test_inbound_tells_the_application_who_calls() -> None:
    """What the caller claims is removed, and what its certificate says is put in its place; in plaintext nothing is."""
    for chain in inbound(MtlsMode.PERMISSIVE).filter_chains:
        http = manager(chain)
        assert http.forward_client_cert_details == HttpConnectionManager.SANITIZE_SET
        assert http.set_current_client_cert_details.uri


def test_every_request_passes_what_is_enforced() -> None:
    """In Istio's order, from configurations that come by themselves; plaintext passes its guard first."""
    mutual, plaintext = (
        [item.name for item in manager(chain).http_filters] for chain in inbound(MtlsMode.PERMISSIVE).filter_chains
    )
    assert mutual == ["jwt", "authorization-audit", "authorization-deny", "authorization-allow", ROUTER]
    assert plaintext == ["plaintext", *mutual]
    for chain in inbound(MtlsMode.PERMISSIVE).filter_chains:
        discovered = [item for item in manager(chain).http_filters if item.name != ROUTER]
        assert all(item.config_discovery.config_source.HasField("ads") for item in discovered)


@pytest.mark.parametrize("mode", MtlsMode)
def test_what_is_enforced_is_always_distributed(mode: MtlsMode) -> None:
    """Connections that are being drained ask for it too, after the listener has changed."""
    given = resources(mesh().apply((peer("mode", mode),)), SLEEP)[EXTENSION]
    assert set(given) == {"plaintext", "jwt", "authorization-audit", "authorization-deny", "authorization-allow"}
    assert all(name == each.name for name, each in given.items())


def test_sockets_are_for_their_owner_alone() -> None:
    """Both listeners are Unix sockets of mode 0600; neither is a port."""
    listeners = resources(mesh(), SLEEP)[LISTENER]
    assert {name: as_json(listener)["address"] for name, listener in listeners.items()} == {
        "inbound": {"pipe": {"path": "/run/in", "mode": 0o600}},
        "outbound": {"pipe": {"path": "/run/out", "mode": 0o600}},
    }


def test_services_have_all_their_names() -> None:
    """A service is known by every name; the bare one only inside its own namespace; a port decides the cluster."""
    hosts = clusters_of(resources(mesh(), SLEEP), "outbound")
    for name in ("httpbin", "httpbin.prod", "httpbin.prod.svc", "httpbin.prod.svc.cluster.local"):
        assert hosts[name] == hosts[f"{name}:8000"] == HTTPBIN_CLUSTER
    assert "istio-ingressgateway" not in hosts
    full = "istio-ingressgateway.istio-system.svc.cluster.local"
    assert f"outbound|80||{full}" == hosts["istio-ingressgateway.istio-system"]
    assert f"outbound|443||{full}" == hosts["istio-ingressgateway.istio-system:443"]
    assert hosts["*"] == "direct_response"


def test_a_virtual_service_of_the_mesh_decides_for_sidecars() -> None:
    """A VirtualService bound to `mesh` replaces the routes of the service that it names, under all its names."""
    catalog = mesh(
        virtual_service("a", {"redirect": {"uri": "/b"}}, hosts=("httpbin", "outside.example.com"), gateways=("mesh",)),
        virtual_service("b", to("httpbin"), hosts=("ratings",), gateways=("elsewhere",)),
    )
    hosts = clusters_of(resources(catalog, SLEEP), "outbound")
    assert {"redirect"} == {hosts[name] for name in ("httpbin", "httpbin.prod:8000", "outside.example.com:80")}
    assert hosts["ratings"] == "outbound|9080||ratings.prod.svc.cluster.local"


def test_only_proxies_get_resources() -> None:
    """An agent without a proxy, and a workload that is gone, are told nothing."""
    assert resources(mesh(), "workload/prod/ratings-v1") == {}
    assert resources(mesh(), "workload/prod/gone") == {}
    assert resources(mesh(deployment("sleep", spec={"replicas": 0})), SLEEP) == {}


def test_a_sidecar_gets_no_gateway_secret() -> None:
    """Gateway certificates are for gateways."""
    assert {CLUSTER, LISTENER, ROUTE, EXTENSION} == set(resources(mesh(), SLEEP))
    assert SECRET not in resources(mesh(), SLEEP)


def test_the_same_manifests_give_the_same_bytes() -> None:
    """Resources depend on the manifests alone, to the byte, so that nothing unchanged is ever pushed."""
    one, other = (
        {
            name: message.SerializeToString(deterministic=True)
            for messages in resources_of(mesh(), context(SLEEP)).values()
            for name, message in messages.items()
        }
        for _ in range(2)
    )
    assert one == other
