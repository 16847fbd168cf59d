"""The ports, hosts, certificates and routes of a gateway."""

from __future__ import annotations

import base64
from typing import Any

from meshtui.wire.discovery import CLUSTER, LISTENER, ROUTE, SECRET
from meshtui.xds.gateway import open_ports
from tests.identity import forge
from tests.manifest.secrets import tls_secret
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
CLIENTS = forge.ca("clients")
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
        context = tls.common_tls_context.combined_validation_context
        assert context.validation_context_sds_secret_config.name == "kubernetes://istio-system/c-cacert"


def test_an_optional_client_certificate_is_checked_like_any() -> None:
    """OPTIONAL_MUTUAL differs from MUTUAL in one thing only; neither resumes sessions of clients once checked."""
    pair = key_pair("c", **{"ca.crt": "own"})
    found = {}
    for mode in ("MUTUAL", "OPTIONAL_MUTUAL"):
        tls = tls_of(pair, gateway("edge", https("a.example.com", credential="c", mode=mode)))
        found[mode] = as_json(tls)
    assert found["MUTUAL"].pop("require_client_certificate") is True
    assert found["OPTIONAL_MUTUAL"].pop("require_client_certificate") is False
    assert found["MUTUAL"] == found["OPTIONAL_MUTUAL"]
    assert found["MUTUAL"]["disable_stateless_session_resumption"]
    assert found["MUTUAL"]["disable_stateful_session_resumption"]
    bare = gateway("edge", https("a.example.com", credential="bare", mode="OPTIONAL_MUTUAL"))
    assert "gateway_8443" not in resources(mesh(key_pair("bare"), bare), GATEWAY)[LISTENER]


def test_the_mesh_s_own_certificate_at_the_edge() -> None:
    """ISTIO_MUTUAL presents the gateway's identity, from its agent, to workloads of the mesh; others do not wait."""
    server = https("a.example.com", mode="ISTIO_MUTUAL", minProtocolVersion="TLSV1_3")
    del server["tls"]["credentialName"]
    tls = as_json(tls_of(gateway("edge", server)))
    common = tls["common_tls_context"]
    (certificate,) = common["tls_certificate_sds_secret_configs"]
    roots = common["combined_validation_context"]["validation_context_sds_secret_config"]
    assert (certificate["name"], roots["name"]) == ("default", "ROOTCA")
    for source in (certificate["sds_config"], roots["sds_config"]):
        (service,) = source["api_config_source"]["grpc_services"]
        assert service["envoy_grpc"]["cluster_name"] == "sds-grpc"
        assert source["initial_fetch_timeout"] == "2s"
    (accepted,) = common["combined_validation_context"]["default_validation_context"]["match_typed_subject_alt_names"]
    assert accepted == {"san_type": "URI", "matcher": {"prefix": "spiffe://cluster.local/"}}
    assert tls["require_client_certificate"] is True
    assert common["tls_params"]["tls_minimum_protocol_version"] == "TLSv1_3"
    server["tls"]["subjectAltNames"] = ["spiffe://cluster.local/ns/prod/sa/sleep"]
    common = as_json(tls_of(gateway("edge", server)))["common_tls_context"]
    (accepted,) = common["combined_validation_context"]["default_validation_context"]["match_typed_subject_alt_names"]
    assert accepted == {"san_type": "URI", "matcher": {"exact": "spiffe://cluster.local/ns/prod/sa/sleep"}}


def two(name: str, *credentials: str, **tls: Any) -> dict[str, Any]:
    server = https("a.example.com", credentialNames=list(credentials), **tls)
    del server["tls"]["credentialName"]
    return gateway(name, server)


def certificate_names(tls: Any) -> list[str]:
    return [each.name.rpartition("/")[2] for each in tls.common_tls_context.tls_certificate_sds_secret_configs]


def test_two_certificates_of_one_server() -> None:
    """Both are named in their order, by bare name or not; of two where one is missing the other is enough."""
    edge = two("edge", "rsa", "kubernetes://istio-system/ecdsa")
    assert certificate_names(tls_of(key_pair("rsa"), key_pair("ecdsa"), edge)) == ["rsa", "ecdsa"]
    assert certificate_names(tls_of(key_pair("ecdsa"), edge)) == ["ecdsa"]
    assert certificate_names(tls_of(key_pair("ecdsa"), two("edge", "other/rsa", "ecdsa"))) == ["ecdsa"]
    assert "gateway_8443" not in resources(mesh(two("edge", "other/rsa", "other/ecdsa")), GATEWAY)[LISTENER]


def secret_names(*documents: dict[str, Any]) -> set[str]:
    return {name.rpartition("/")[2] for name in resources(mesh(*documents), GATEWAY)[SECRET]}


def test_a_broken_certificate_is_kept_from_its_sound_neighbour() -> None:
    """It stays named, so that nothing is drained when it is mended, but is not sent: Envoy would refuse both."""
    root = forge.ca("root")
    sound, other = tls_secret("sound", forge.server(root, "a")), forge.server(root, "a")
    broken = tls_secret("broken", other, key_of=root)
    edge = two("edge", "broken", "sound")
    assert certificate_names(tls_of(broken, sound, edge)) == ["broken", "sound"]
    assert secret_names(broken, sound, edge) == {"sound"}
    assert secret_names(tls_secret("broken", other), sound, edge) == {"sound", "broken"}
    alone = gateway("alone", https("b.example.com", credential="broken"))
    assert secret_names(broken, alone) == {"broken"}


def test_what_is_asked_of_a_clients_certificate() -> None:
    """Names by their kind, public keys and certificates as they are written."""
    spki, digest = "D7+ch6kpW3fm20S9xrRMZIjbAz8GD0ACPiupGEaQ7Bg=", "df" * 32
    names = ["client.example.com", "spiffe://x/y", "a@example.com", "10.0.0.1", "::1"]
    asked: dict[str, Any] = {
        "subjectAltNames": names,
        "verifyCertificateSpki": [spki],
        "verifyCertificateHash": [digest],
    }
    edge = gateway("edge", https("a.example.com", credential="c", mode="MUTUAL", **asked))
    tls = as_json(tls_of(key_pair("c", **{"ca.crt": "own"}), edge))
    found = tls["common_tls_context"]["combined_validation_context"]["default_validation_context"]
    assert found == {
        "match_typed_subject_alt_names": [
            {"san_type": kind, "matcher": {"exact": name}}
            for kind, name in zip(("DNS", "URI", "EMAIL", "IP_ADDRESS", "IP_ADDRESS"), names, strict=True)
        ],
        "verify_certificate_spki": [spki],
        "verify_certificate_hash": [digest],
    }


def test_cipher_suites_are_limited_as_asked() -> None:
    """Each once, in the order in which they are preferred."""
    suites = ["ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"]
    tls = tls_of(key_pair("c"), gateway("edge", https("a.example.com", credential="c", cipherSuites=suites)))
    assert list(tls.common_tls_context.tls_params.cipher_suites) == suites[:2]


def test_what_is_refused_is_not_served_either() -> None:
    """A server that this mesh cannot be gets no chain, should it get in, and takes no host from the others."""
    passing = https("a.example.com", mode="PASSTHROUGH", name="passing")
    passing["port"]["protocol"] = "TLS"
    edge = gateway("edge", passing, https("a.example.com", credential="c"))
    assert chains(resources(mesh(key_pair("c"), edge), GATEWAY), "gateway_8443") == {
        "https.443.https.edge.prod": ["a.example.com"]
    }
    files = https("a.example.com", serverCertificate="/c", privateKey="/k")
    del files["tls"]["credentialName"]
    assert "gateway_8443" not in resources(mesh(gateway("edge", files)), GATEWAY)[LISTENER]


def test_revocation_lists_and_staples_go_with_what_they_are_about() -> None:
    """The list with its CA, the OCSP response with its pair."""
    edge = gateway("edge", https("a.example.com", credential="c", mode="MUTUAL"))
    data = {"ca.crt": CLIENTS.pem, "ca.crl": forge.revocation_list(CLIENTS), "tls.ocsp-staple": "staple"}
    given = resources(mesh(key_pair("c", **data), edge), GATEWAY)[SECRET]
    pair = given["kubernetes://istio-system/c"].tls_certificate
    roots = given["kubernetes://istio-system/c-cacert"].validation_context
    assert pair.ocsp_staple.inline_bytes == b"staple"
    assert (roots.trusted_ca.inline_bytes, roots.crl.inline_bytes) == (data["ca.crt"].encode(), data["ca.crl"].encode())


def test_a_ca_that_cannot_be_read_is_kept_from_the_port() -> None:
    """Its server stays, with the last one or none; with this one Envoy would take no change of the port any more."""
    edge = gateway("edge", https("a.example.com", credential="c", mode="MUTUAL"))
    good = {"ca.crt": CLIENTS.pem, "ca.crl": forge.revocation_list(CLIENTS)}
    assert secret_names(key_pair("c", **good), edge) == {"c", "c-cacert"}
    for damage in ({"ca.crt": "none"}, {"ca.crl": "none"}, {"ca.crl": good["ca.crl"][:-30]}):
        assert secret_names(key_pair("c", **(good | damage)), edge) == {"c"}
        assert certificate_names(tls_of(key_pair("c", **(good | damage)), edge)) == ["c"]


def cacert(roots: str) -> list[dict[str, Any]]:
    return [document("Secret", "c-cacert", "istio-system", stringData={"ca.crt": roots})]


def test_secrets_are_what_servers_name() -> None:
    """A gateway gets the key pairs and roots that its servers name and have, and no other Secret."""
    edge = gateway("edge", https("a.example.com", credential="c", mode="MUTUAL"), https("b", credential="no", name="b"))
    given = resources(
        mesh(CREDENTIAL, key_pair("c", **{"ca.crt": "own"}), *cacert(CLIENTS.pem), key_pair("x"), edge), GATEWAY
    )
    pair = {"certificate_chain": {"inline_bytes": "Y2hhaW4="}, "private_key": {"inline_bytes": "a2V5"}}
    beside = base64.b64encode(CLIENTS.pem.encode()).decode()
    assert {
        "kubernetes://istio-system/httpbin-credential": {"tls_certificate": pair},
        "kubernetes://istio-system/c": {"tls_certificate": pair},
        "kubernetes://istio-system/c-cacert": {"validation_context": {"trusted_ca": {"inline_bytes": beside}}},
    } == {name: {k: v for k, v in as_json(secret).items() if k != "name"} for name, secret in given[SECRET].items()}
    assert resources(mesh(), GATEWAY)[SECRET] == {}


def test_a_gateway_that_may_not_read_secrets_is_given_none() -> None:
    """Nor a server that would wait for one, while its service account is refused."""
    account = document("ServiceAccount", "istio-ingressgateway", "istio-system")
    account["metadata"]["annotations"] = {"meshtui.io/secrets": "none"}
    given = resources(mesh(CREDENTIAL, account), GATEWAY)
    assert given[SECRET] == {}
    assert "gateway_8443" not in given[LISTENER]


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
