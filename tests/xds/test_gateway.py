"""The ports, hosts, certificates and routes of a gateway."""

from __future__ import annotations

from typing import Any

from meshtui.wire.discovery import CLUSTER, LISTENER, ROUTE, SECRET
from meshtui.xds.gateway import open_ports
from tests.manifest.writing import deployment, document, gateway, http, https, to, virtual_service
from tests.xds.reading import (
    GATEWAY,
    HTTPBIN_CLUSTER,
    SLEEP,
    as_json,
    chains,
    clusters_of,
    context,
    key_pair,
    manager,
    mesh,
    resources,
    server_tls,
)

CREDENTIAL = key_pair("httpbin-credential")
HTTPBIN_CHAIN = "https.443.https.httpbin-gateway.prod"


def test_ports_are_those_of_the_service() -> None:
    """A Gateway's port leads to the target port of the gateway's Service, and from there to a loopback port."""
    catalog = mesh(CREDENTIAL, gateway("odd", http("a.example.com", number=9999)))
    workload = catalog.workload(GATEWAY)
    assert workload is not None
    opened = open_ports(catalog, workload, context(GATEWAY))
    assert [(port.number, port.here, port.https) for port in opened] == [(8080, 18080, False), (8443, 18443, True)]
    extra = open_ports(catalog, workload, context(GATEWAY, {8080: 1, 9999: 2}))
    assert [port.number for port in extra] == [8080, 9999]
    listener = as_json(resources(catalog, GATEWAY)[LISTENER]["gateway_8443"])
    assert listener["address"] == {"socket_address": {"address": "127.0.0.1", "port_value": 18443}}
    assert listener["enable_reuse_port"] is False


def test_named_target_ports() -> None:
    """A target port that is a name is looked up among the workload's ports."""
    ports = [{"port": 443, "targetPort": "https"}]
    service = document(
        "Service",
        "istio-ingressgateway",
        "istio-system",
        spec={"ports": ports, "selector": {"istio": "ingressgateway"}},
    )
    assert "gateway_8443" in resources(mesh(CREDENTIAL, service), GATEWAY)[LISTENER]


def test_a_server_without_its_secret_is_left_out() -> None:
    """A chain appears when its Secret has a key pair; until then nothing waits for it."""
    assert {"gateway_8080"} == set(resources(mesh(), GATEWAY)[LISTENER])
    second = gateway("second", https("b.example.com", credential="later"))
    assert chains(resources(mesh(CREDENTIAL, second), GATEWAY), "gateway_8443") == {
        HTTPBIN_CHAIN: ["httpbin.example.com"]
    }
    both = resources(mesh(CREDENTIAL, second, key_pair("later")), GATEWAY)
    assert chains(both, "gateway_8443") == {
        HTTPBIN_CHAIN: ["httpbin.example.com"],
        "https.443.https.second.prod": ["b.example.com"],
    }


def test_a_host_belongs_to_one_server() -> None:
    """Envoy takes no host twice on one port: the first Gateway by name has it, the second keeps its other hosts."""
    first = gateway("a-first", https("httpbin.example.com", "*", credential="other"))
    second = gateway("z-last", https("httpbin.example.com", "*.example.com", credential="other"))
    third = gateway("zz-nothing-left", https("*", credential="other"))
    assert chains(resources(mesh(CREDENTIAL, key_pair("other"), first, second, third), GATEWAY), "gateway_8443") == {
        "https.443.https.a-first.prod": [],
        "https.443.https.z-last.prod": ["*.example.com"],
    }


def test_the_first_gateway_decides_what_a_port_speaks() -> None:
    """When Gateways disagree whether a port is HTTPS, the first by name has it."""
    plain = gateway("a-plain", http("a.example.com", number=443, name="plain"))
    given = resources(mesh(CREDENTIAL, plain), GATEWAY)
    assert chains(given, "gateway_8443") == {"http": []}
    assert "http.8443" in given[ROUTE]


def tls_of(*documents: dict[str, Any], chain: str = "https.443.https.edge.prod") -> Any:
    listener = resources(mesh(*documents), GATEWAY)[LISTENER]["gateway_8443"]
    return server_tls(next(item for item in listener.filter_chains if item.name == chain))


def test_secrets_are_named_and_come_over_ads() -> None:
    """A chain names its Secret in the namespace of the gateway's workload, and its listener does not wait long."""
    tls = as_json(tls_of(CREDENTIAL, chain=HTTPBIN_CHAIN))
    (secret,) = tls["common_tls_context"]["tls_certificate_sds_secret_configs"]
    assert secret["name"] == "kubernetes://istio-system/httpbin-credential"
    assert secret["sds_config"] == {"ads": {}, "initial_fetch_timeout": "2s", "resource_api_version": "V3"}
    assert not tls["require_client_certificate"]


def test_versions_of_tls_are_limited_as_asked() -> None:
    """A server's limits are Envoy's limits."""
    server = https("a.example.com", credential="c", minProtocolVersion="TLSV1_3")
    parameters = as_json(tls_of(key_pair("c"), gateway("edge", server)))["common_tls_context"]["tls_params"]
    assert parameters == {"tls_minimum_protocol_version": "TLSv1_3", "tls_maximum_protocol_version": "TLSv1_3"}


def test_mutual_tls_needs_something_to_check_clients_against() -> None:
    """A MUTUAL server without roots is left out: it would let in anyone, or no one."""
    edge = gateway("edge", https("a.example.com", credential="c", mode="MUTUAL"))
    assert "gateway_8443" not in resources(mesh(key_pair("c"), edge), GATEWAY)[LISTENER]
    for roots in ([key_pair("c", **{"ca.crt": "own"})], [key_pair("c"), *cacert("beside")]):
        tls = tls_of(*roots, edge)
        assert tls.require_client_certificate.value
        name = tls.common_tls_context.validation_context_sds_secret_config.name
        assert name == "kubernetes://istio-system/c-cacert"


def cacert(roots: str) -> list[dict[str, Any]]:
    return [document("Secret", "c-cacert", "istio-system", stringData={"ca.crt": roots})]


def test_secrets_are_what_servers_name() -> None:
    """A gateway gets the key pairs and roots that its servers name and have, and no other Secret."""
    edge = gateway("edge", https("a.example.com", credential="c", mode="MUTUAL"), https("b", credential="no", name="b"))
    given = resources(
        mesh(CREDENTIAL, key_pair("c", **{"ca.crt": "own"}), *cacert("beside"), key_pair("x"), edge), GATEWAY
    )
    pair = {"certificate_chain": {"inline_bytes": "Y2hhaW4="}, "private_key": {"inline_bytes": "a2V5"}}
    assert {
        "kubernetes://istio-system/httpbin-credential": {"tls_certificate": pair},
        "kubernetes://istio-system/c": {"tls_certificate": pair},
        "kubernetes://istio-system/c-cacert": {"validation_context": {"trusted_ca": {"inline_bytes": "YmVzaWRl"}}},
    } == {name: {k: v for k, v in as_json(secret).items() if k != "name"} for name, secret in given[SECRET].items()}
    assert resources(mesh(), GATEWAY)[SECRET] == {}


def test_routes_of_the_demo() -> None:
    """HTTPS leads to httpbin, HTTP to the real HTTPS port, whatever port the client writes behind the host."""
    given = resources(mesh(CREDENTIAL), GATEWAY)
    assert clusters_of(given, HTTPBIN_CHAIN) == {"httpbin.example.com": HTTPBIN_CLUSTER}
    assert clusters_of(given, "http.8080") == {"httpbin.example.com": "redirect"}
    configuration = given[ROUTE]["http.8080"]
    assert configuration.ignore_port_in_host_matching
    redirect = configuration.virtual_hosts[0].routes[0].redirect
    assert (redirect.https_redirect, redirect.port_redirect) == (True, 18443)


def test_only_hosts_that_both_sides_name_are_routed() -> None:
    """A host is served when server and VirtualService share it: the narrower of the two patterns."""
    edge = gateway("edge", https("*.example.com", "exact.org", credential="c"))
    catalog = mesh(
        key_pair("c"),
        edge,
        virtual_service("a", to("httpbin"), hosts=("x.example.com", "exact.org", "outside.net"), gateways=("edge",)),
        virtual_service("b", to("httpbin"), hosts=("*.y.example.com",), gateways=("edge",)),
        virtual_service("c", to("httpbin"), hosts=("z.example.com",), gateways=("other/edge",)),
    )
    assert {"x.example.com", "exact.org", "*.y.example.com"} == set(
        clusters_of(resources(catalog, GATEWAY), "https.443.https.edge.prod")
    )


def test_virtual_services_of_one_host_are_joined() -> None:
    """Routes of several VirtualServices are tried in the order of their names, those that take everything last."""
    edge = gateway("edge", https("*", credential="c"))
    catalog = mesh(
        key_pair("c"),
        edge,
        virtual_service("a", {**to("httpbin"), "name": "everything"}, hosts=("a.example.com",)),
        virtual_service("b", {**to("httpbin"), "name": "some", "match": [{"uri": {"prefix": "/b"}}]}),
    )
    (host,) = resources(catalog, GATEWAY)[ROUTE]["https.443.https.edge.prod"].virtual_hosts
    assert [route.name for route in host.routes] == ["some", "everything"]


def test_a_gateway_has_only_the_clusters_that_it_routes_to() -> None:
    """A gateway in front of a large mesh is not told of all of it."""
    assert {HTTPBIN_CLUSTER} == set(resources(mesh(CREDENTIAL), GATEWAY)[CLUSTER])


def test_strangers_are_kept_at_a_distance() -> None:
    """A gateway believes no header about who called, and does not wait for slow headers for ever."""
    (chain,) = resources(mesh(CREDENTIAL), GATEWAY)[LISTENER]["gateway_8443"].filter_chains
    edge = manager(chain)
    assert edge.use_remote_address.value
    assert edge.normalize_path.value
    assert edge.request_headers_timeout.seconds == 10


def test_a_gateway_opens_nothing_for_a_sidecar() -> None:
    """Servers are opened by gateway workloads alone, even where labels would fit a sidecar."""
    labels = {"istio": "ingressgateway", "sidecar.istio.io/inject": "true"}
    catalog = mesh(CREDENTIAL, deployment("sleep", labels))
    assert {"inbound", "outbound"} == set(resources(catalog, SLEEP)[LISTENER])
