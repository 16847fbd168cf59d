"""Where requests go, and who may answer there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from meshtui.manifest.policy_model import ClientTls, ClientTlsMode
from meshtui.wire.discovery import CLUSTER
from meshtui.xds.tls import workload_client
from tests.manifest.writing import deployment, document
from tests.policy.writing import DISABLE, peer, rule
from tests.xds.reading import GATEWAY, HTTPBIN_CLUSTER, SLEEP, as_json, client_tls, cluster, mesh, resources

INJECTED = {"sidecar.istio.io/inject": "true"}


def identities(name: str, *documents: dict[str, object]) -> list[str]:
    tls = client_tls(cluster(resources(mesh(*documents), SLEEP), name))
    accepted = tls.common_tls_context.combined_validation_context.default_validation_context
    return [matcher.matcher.exact for matcher in accepted.match_typed_subject_alt_names]


def test_a_service_accepts_exactly_the_identities_behind_it() -> None:
    """Secure naming: of the workloads that a service selects, each identity once, and no pattern."""
    assert identities(HTTPBIN_CLUSTER) == ["spiffe://cluster.local/ns/prod/sa/httpbin"]
    both = document("Service", "both", spec={"ports": [{"port": 80}], "selector": {"tier": "x"}})
    workloads = [
        deployment(name, {**INJECTED, "app": name, "tier": "x"}, pod={"serviceAccountName": account})
        for name, account in (("httpbin", "z"), ("sleep", "a"))
    ]
    assert [f"spiffe://cluster.local/ns/prod/sa/{account}" for account in "az"] == identities(
        "outbound|80||both.prod.svc.cluster.local", both, *workloads
    )


def test_endpoints_are_the_sidecars_sockets() -> None:
    """A service's endpoints are the inbound sockets of the sidecars behind it."""
    endpoints = as_json(cluster(resources(mesh(), SLEEP), HTTPBIN_CLUSTER))["load_assignment"]["endpoints"]
    assert endpoints == [{"lb_endpoints": [{"endpoint": {"address": {"pipe": {"path": "/run/in-httpbin"}}}}]}]


def test_what_has_no_sidecar_is_never_called_in_plain_text() -> None:
    """A service whose workloads have no sidecar has a cluster without endpoints, not one without TLS."""
    found = cluster(resources(mesh(), SLEEP), "outbound|9080||ratings.prod.svc.cluster.local")
    assert (list(found.load_assignment.endpoints), found.HasField("transport_socket")) == ([], False)


def test_where_mtls_is_disabled_clients_speak_plain_http() -> None:
    """Auto mTLS of a namespace with DISABLE, and a DestinationRule with DISABLE; HTTP/1.1, for ALPN comes with TLS."""
    for policy in (peer("ns", DISABLE), rule("r", "*.prod.svc.cluster.local")):
        found = as_json(cluster(resources(mesh().apply((policy,)), SLEEP), HTTPBIN_CLUSTER))
        assert "transport_socket" not in found
        assert found["load_assignment"]["endpoints"]
        (options,) = found["typed_extension_protocol_options"].values()
        assert options["explicit_http_config"] == {"http_protocol_options": {}}


def test_a_destination_rule_names_who_may_answer() -> None:
    """Its names of any kind stand in place of the service accounts, its server name in place of Istio's."""
    tls = ClientTls(
        mode=ClientTlsMode.ISTIO_MUTUAL, sni="x.example", subject_alt_names=("spiffe://a/b", "a.example", "::1")
    )
    named = replace(rule("r", "httpbin.prod.svc.cluster.local"), tls=tls)
    found = client_tls(cluster(resources(mesh().apply((named,)), SLEEP), HTTPBIN_CLUSTER))
    accepted = found.common_tls_context.combined_validation_context.default_validation_context
    assert found.sni == "x.example"
    assert [as_json(each) for each in accepted.match_typed_subject_alt_names] == [
        {"san_type": "IP_ADDRESS", "matcher": {"exact": "::1"}},
        {"san_type": "DNS", "matcher": {"exact": "a.example"}},
        {"san_type": "URI", "matcher": {"exact": "spiffe://a/b"}},
    ]


def test_a_client_goes_by_the_rules_of_its_own_namespace() -> None:
    """The gateway's rules first for the gateway, the service's for the sidecar beside it, port by port."""
    plain = {8000: ClientTls(mode=ClientTlsMode.DISABLE)}
    catalog = mesh().apply((rule("edge", "*", None, namespace="istio-system", ports=plain), rule("own", "*", None)))
    assert not cluster(resources(catalog, GATEWAY), HTTPBIN_CLUSTER).HasField("transport_socket")
    assert cluster(resources(catalog, SLEEP), HTTPBIN_CLUSTER).HasField("transport_socket")


def test_no_expected_identity_is_an_error() -> None:
    """A client that would accept anybody cannot be built."""
    with pytest.raises(ValueError, match="no identity is expected behind x"):
        workload_client("x", [])


def test_every_port_of_a_service_has_a_cluster() -> None:
    """Clusters are named as in Istio, one for each port."""
    two = [{"name": "a", "port": 80}, {"name": "b", "port": 81}]
    given = resources(mesh(document("Service", "two", spec={"ports": two})), SLEEP)
    assert {"outbound|80||two.prod.svc.cluster.local", "outbound|81||two.prod.svc.cluster.local"} <= set(given[CLUSTER])


def test_the_own_workload_is_plain_http_on_its_socket() -> None:
    """Only the sidecar itself talks to the application, on the application's own socket."""
    found = as_json(cluster(resources(mesh(), "workload/prod/httpbin"), "inbound|8080||"))
    assert "transport_socket" not in found
    endpoint = found["load_assignment"]["endpoints"][0]["lb_endpoints"][0]["endpoint"]
    assert endpoint["address"] == {"pipe": {"path": "/run/app"}}


def test_workload_certificates_come_from_the_agent() -> None:
    """Key pair and roots are named, and waited for without limit: without an identity nothing is sent."""
    tls = as_json(client_tls(cluster(resources(mesh(), SLEEP), HTTPBIN_CLUSTER)))["common_tls_context"]
    own = tls["tls_certificate_sds_secret_configs"][0]
    roots = tls["combined_validation_context"]["validation_context_sds_secret_config"]
    assert (own["name"], roots["name"]) == ("default", "ROOTCA")
    assert own["sds_config"] == roots["sds_config"]
    assert own["sds_config"]["initial_fetch_timeout"] == "0s"
    grpc = own["sds_config"]["api_config_source"]["grpc_services"]
    assert grpc == [{"envoy_grpc": {"cluster_name": "sds-grpc"}}]
