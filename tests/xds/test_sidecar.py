"""The two listeners of a sidecar."""

from __future__ import annotations

from meshtui.wire.discovery import CLUSTER, LISTENER, ROUTE, SECRET
from meshtui.xds.http import HttpConnectionManager
from meshtui.xds.resources import resources_of
from tests.manifest.writing import deployment, to, virtual_service
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


def test_inbound_demands_an_identity_of_the_mesh() -> None:
    """Whoever connects shows a certificate of the trust domain, in every connection anew."""
    (chain,) = resources(mesh(), SLEEP)[LISTENER]["inbound"].filter_chains
    tls = server_tls(chain)
    assert tls.require_client_certificate.value
    assert tls.disable_stateless_session_resumption
    accepted = tls.common_tls_context.combined_validation_context.default_validation_context
    # with its slash: cluster.local.evil is another trust domain
    assert [item.matcher.prefix for item in accepted.match_typed_subject_alt_names] == ["spiffe://cluster.local/"]
    assert as_json(tls)["common_tls_context"]["tls_params"]["tls_minimum_protocol_version"] == "TLSv1_2"


def test_inbound_tells_the_application_who_calls() -> None:
    """What the caller claims is removed, and what its certificate says is put in its place."""
    (chain,) = resources(mesh(), SLEEP)[LISTENER]["inbound"].filter_chains
    http = manager(chain)
    assert http.forward_client_cert_details == HttpConnectionManager.SANITIZE_SET
    assert http.set_current_client_cert_details.uri
    assert [item.name for item in http.http_filters] == ["envoy.filters.http.router"]


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
    assert {CLUSTER, LISTENER, ROUTE} == set(resources(mesh(), SLEEP))
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
