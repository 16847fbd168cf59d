"""Gateways of the Kubernetes Gateway API."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.api_model import ApiListener, KubernetesGateway
from meshtui.manifest.model import Gateway, ObjectKey
from meshtui.manifest.selectors import LabelSelector, Requirement
from meshtui.manifest.server import Reference, Server, ServerTls
from tests.manifest.api_writing import allowing, kubernetes_gateway, listens, reference, terminates
from tests.manifest.writing import document, gateway, http, problems, read

MODE = "gateway.istio.io/tls-terminate-mode"


def one(*listeners: dict[str, Any], **spec: Any) -> KubernetesGateway:
    (found,) = read(kubernetes_gateway("edge", *listeners, **spec))
    assert isinstance(found, KubernetesGateway)
    return found


def server_tls(listener: dict[str, Any], **spec: Any) -> ServerTls | None:
    return one(listener, **spec).servers[0].tls


def test_listeners_become_servers() -> None:
    """A listener is what an Istio server is, with its Secrets in the Gateway's own namespace unless it says another."""
    found = one(terminates("web", "one", "certs/two", host="*.example.com"), listens("plain"))
    credentials = (Reference("one", "prod"), Reference("two", "certs"))
    tls = ServerTls(mode="SIMPLE", credentials=credentials)
    assert found.listeners == (
        ApiListener(server=Server(number=443, name="web", protocol="HTTPS", hosts=("*.example.com",), tls=tls)),
        ApiListener(server=Server(number=80, name="plain", protocol="HTTP", hosts=("*",))),
    )
    assert found.services == ()


def test_two_kinds_have_one_word() -> None:
    """Istio's Gateway and that of the Gateway API are told apart by their group, and can have one name."""
    istio, kubernetes = read(gateway("edge", http("*")), kubernetes_gateway("edge", listens("a")))
    assert (type(istio), type(kubernetes)) == (Gateway, KubernetesGateway)
    assert istio.key == ObjectKey("Gateway", "prod", "edge")
    assert str(kubernetes.key) == "Gateway.gateway.networking.k8s.io prod/edge"


def test_versions_of_the_api_are_one() -> None:
    """v1 and v1beta1 mean the same, others are told which to write."""
    spec = kubernetes_gateway("edge", listens("a"))["spec"]
    (found,) = read(document("Gateway", "edge", api="gateway.networking.k8s.io/v1beta1", spec=spec))
    assert isinstance(found, KubernetesGateway)
    assert problems(document("Gateway", "edge", api="gateway.networking.k8s.io/v1alpha2", spec=spec)) == [
        "kind Gateway has no version gateway.networking.k8s.io/v1alpha2; write apiVersion: gateway.networking.k8s.io/v1"
    ]


def test_a_spec_under_the_wrong_api_version_says_so() -> None:
    """Istio's fields in a Gateway of the Gateway API, and the other way round, name the apiVersion that they are of."""
    istio, kubernetes = gateway("edge", http("*")), kubernetes_gateway("edge", listens("a"))
    swapped = {**istio, "apiVersion": kubernetes["apiVersion"]}, {**kubernetes, "apiVersion": istio["apiVersion"]}
    assert problems(swapped[0])[:2] == [
        "spec.selector: belongs to Istio's Gateway; for that write apiVersion: networking.istio.io/v1",
        "spec.servers: belongs to Istio's Gateway; for that write apiVersion: networking.istio.io/v1",
    ]
    assert problems(swapped[1])[:2] == [
        "spec.gatewayClassName: belongs to the Gateway API; for that write apiVersion: gateway.networking.k8s.io/v1",
        "spec.listeners: belongs to the Gateway API; for that write apiVersion: gateway.networking.k8s.io/v1",
    ]


def test_addresses_name_services() -> None:
    """As with Istio's manual deployment, a Hostname is a Service: of the same namespace, or with its own."""
    hostnames = [{"type": "Hostname", "value": value} for value in ("in", "in.edge.svc.cluster.local")]
    assert one(listens("a"), addresses=hostnames).services == (("prod", "in"), ("edge", "in"))


@pytest.mark.parametrize(
    ("option", "tls"),
    [
        ("MUTUAL", ServerTls(mode="MUTUAL", credentials=(Reference("one", "prod"),))),
        ("OPTIONAL_MUTUAL", ServerTls(mode="OPTIONAL_MUTUAL", credentials=(Reference("one", "prod"),))),
        ("ISTIO_MUTUAL", ServerTls(mode="ISTIO_MUTUAL")),
        ("ISTIO_SIMPLE", ServerTls(mode="ISTIO_SIMPLE")),
    ],
)
def test_istio_has_an_option_for_its_modes(option: str, tls: ServerTls) -> None:
    """The option chooses a mode of Istio's; where the gateway presents its own certificate no Secret is named."""
    names = () if option.startswith("ISTIO_") else ("one",)
    assert tls == server_tls(terminates("web", *names, options={MODE: option}))


def test_passthrough() -> None:
    """A TLS listener may hand connections on as they are."""
    assert server_tls(listens("a", "TLS", tls={"mode": "Passthrough"})) == ServerTls(mode="PASSTHROUGH")
    assert not one(listens("a", "TLS", tls={"mode": "Passthrough"})).listeners[0].http_routes


CLIENTS = {"validation": {"caCertificateRefs": [{"group": "", "kind": "ConfigMap", "name": "clients"}]}}
LENIENT = {"validation": {**CLIENTS["validation"], "mode": "AllowInsecureFallback"}}


def test_clients_are_checked_as_the_gateway_says() -> None:
    """`spec.tls.frontend` is for all HTTPS ports, or for one; the ConfigMap is of the Gateway's namespace."""
    ports = [terminates(f"p{port}", "one", port=port) for port in (443, 8443, 9443)]
    frontend = {"default": CLIENTS, "perPort": [{"port": 8443, "tls": LENIENT}, {"port": 9443, "tls": {}}]}
    found = one(*ports, listens("plain"), tls={"frontend": frontend})
    ca = Reference("clients", "prod", "ConfigMap")
    seen = [(server.tls.mode, server.tls.ca) if server.tls else None for server in found.servers]
    assert seen == [("MUTUAL", ca), ("OPTIONAL_MUTUAL", ca), ("SIMPLE", None), None]


def test_the_option_overrides_the_frontend() -> None:
    """As in Istio, which asks the option last; the CA stays."""
    tls = server_tls(
        terminates("web", "one", options={MODE: "OPTIONAL_MUTUAL"}), tls={"frontend": {"default": CLIENTS}}
    )
    assert tls is not None
    assert (tls.mode, tls.ca) == ("OPTIONAL_MUTUAL", Reference("clients", "prod", "ConfigMap"))


def test_who_may_attach_routes() -> None:
    """From the same namespace unless it says otherwise; HTTPRoutes unless other kinds alone are named."""
    selector = {
        "matchLabels": {"a": "b"},
        "matchExpressions": [{"key": "c", "operator": "In", "values": ["d", "e"]}, {"key": "f", "operator": "Exists"}],
    }
    same, everyone, selected, grpc = one(
        listens("a", port=1),
        listens("b", port=2, allowedRoutes=allowing("All")),
        listens("c", port=3, allowedRoutes=allowing("Selector", **selector)),
        listens("d", port=4, allowedRoutes={"kinds": [{"kind": "GRPCRoute"}]}),
    ).listeners
    assert [each.namespaces for each in (same, everyone, selected)] == ["Same", "All", "Selector"]
    wanted = LabelSelector({"a": "b"}, (Requirement("c", "In", ("d", "e")), Requirement("f", "Exists")))
    assert wanted == selected.selector
    assert [each.http_routes for each in (same, grpc)] == [True, False]


@pytest.mark.parametrize(
    ("listener", "reason"),
    [
        (listens("A"), "spec.listeners[0].name: expected a lower-case name"),
        (listens("a", host="*"), 'spec.listeners[0].hostname: leave it out for every host; found "*"'),
        (listens("a", host="10.0.0.1"), "spec.listeners[0].hostname: expected a DNS name, not an IP address"),
        (listens("a", host="a_b"), "spec.listeners[0].hostname: expected a lower-case DNS name"),
        (listens("a", "TCP", 1), "spec.listeners[0].protocol: TCP is valid elsewhere but not supported here; use HTTP"),
        (listens("a", "http", 1), "spec.listeners[0].protocol: expected one of HTTP, HTTPS, TLS"),
        (listens("a", tls={}), "spec.listeners[0].tls: belongs to an HTTPS or TLS listener"),
        (listens("a", "HTTPS"), "spec.listeners[0].tls: required, and missing"),
        (terminates("a"), "spec.listeners[0].tls.certificateRefs: required for a listener that ends TLS, and missing"),
        (terminates("a", options={MODE: "MUTUAL"}), "spec.listeners[0].tls.certificateRefs: required for a listener"),
        (terminates("a", "b", options={MODE: "SIMPLE"}), f'spec.listeners[0].tls.options["{MODE}"]: expected one of'),
        (terminates("a", "b", options={"x/y": "z"}), 'spec.listeners[0].tls.options["x/y"]: unknown field'),
        (
            terminates("a", "b", options={MODE: "ISTIO_MUTUAL"}),
            "spec.listeners[0].tls.certificateRefs: has no meaning with ISTIO_MUTUAL",
        ),
        (
            terminates("a", "b", "c", "d"),
            "spec.listeners[0].tls.certificateRefs: has 3 elements; as in Istio at most 2",
        ),
        (
            listens("a", "HTTPS", tls={"certificateRefs": [reference("b", kind="ConfigMap")]}),
            'spec.listeners[0].tls.certificateRefs[0].kind: expected one of Secret, found "ConfigMap"',
        ),
        (
            listens("a", "HTTPS", tls={"certificateRefs": [reference("b", group="cert-manager.io")]}),
            'spec.listeners[0].tls.certificateRefs[0].group: expected "", the core group, found "cert-manager.io"',
        ),
        (
            listens("a", "HTTPS", tls={"mode": "Passthrough"}),
            "spec.listeners[0].tls.mode: an HTTPS listener ends TLS itself; Passthrough belongs to a TLS listener",
        ),
        (
            listens("a", "TLS", tls={"certificateRefs": [reference("b")]}),
            "spec.listeners[0].tls.mode: Terminate is valid elsewhere but not supported here for a TLS listener",
        ),
        (
            listens("a", "TLS", tls={"mode": "Passthrough", "certificateRefs": [reference("b")]}),
            "spec.listeners[0].tls.certificateRefs: has no meaning with Passthrough",
        ),
        (
            terminates("a", "b") | {"tls": {"certificateRefs": [reference("b")], "frontendValidation": {"x": 1}}},
            "spec.listeners[0].tls.frontendValidation: valid elsewhere but not supported here: the Gateway's spec.tls",
        ),
        (
            listens("a", allowedRoutes={"namespaces": {"from": "None"}}),
            "spec.listeners[0].allowedRoutes.namespaces.from: expected one of Same, All, Selector",
        ),
        (
            listens("a", allowedRoutes={"namespaces": {"from": "Selector"}}),
            "spec.listeners[0].allowedRoutes.namespaces.selector: required, and missing",
        ),
        (
            listens("a", allowedRoutes=allowing("All", matchLabels={"a": "b"})),
            "spec.listeners[0].allowedRoutes.namespaces.selector: has no meaning with from: All",
        ),
        (
            listens("a", allowedRoutes=allowing("Selector", matchExpressions=[{"key": "a", "operator": "In"}])),
            "spec.listeners[0].allowedRoutes.namespaces.selector.matchExpressions[0].values: required for In",
        ),
        (
            listens("a", allowedRoutes={"kinds": [{"kind": "IngressRoute"}]}),
            "spec.listeners[0].allowedRoutes.kinds[0].kind: expected one of HTTPRoute",
        ),
        (listens("a", timeout=1), "spec.listeners[0].timeout: unknown field"),
    ],
)
def test_listeners_that_are_refused(listener: dict[str, Any], reason: str) -> None:
    """What a listener cannot be here is told with the field that says so."""
    (problem,) = problems(kubernetes_gateway("edge", listener))
    assert problem.startswith(reason)


@pytest.mark.parametrize(
    ("spec", "reason"),
    [
        ({"gatewayClassName": "nginx"}, 'spec.gatewayClassName: expected one of istio, found "nginx"'),
        ({"gatewayClassName": "istio-waypoint"}, "spec.gatewayClassName: istio-waypoint is valid elsewhere but not"),
        ({"listeners": []}, "spec.listeners: must not be empty"),
        ({"addresses": [{"value": "10.0.0.1"}]}, "spec.addresses[0].type: required, and missing"),
        (
            {"addresses": [{"type": "IPAddress", "value": "10.0.0.1"}]},
            "spec.addresses[0].type: IPAddress is valid elsewhere but not supported here; use Hostname",
        ),
        (
            {"addresses": [{"type": "Hostname", "value": "example.com"}]},
            "spec.addresses[0].value: expected a Service: NAME or NAME.NAMESPACE.svc.cluster.local; found",
        ),
        ({"allowedListeners": {"namespaces": {}}}, "spec.allowedListeners: valid elsewhere but not supported here"),
        (
            {"infrastructure": {"parametersRef": {"name": "a"}}},
            "spec.infrastructure.parametersRef: valid elsewhere but",
        ),
        ({"tls": {"backend": {"x": 1}}}, "spec.tls.backend: valid elsewhere but not supported here"),
        ({"tls": {"frontend": {}}}, "spec.tls.frontend.default: required, and missing"),
        (
            {"tls": {"frontend": {"default": {"validation": {"caCertificateRefs": []}}}}},
            "spec.tls.frontend.default.validation.caCertificateRefs: must not be empty",
        ),
        (
            {"tls": {"frontend": {"default": {"validation": {"caCertificateRefs": [{"name": "a", "kind": "Pod"}]}}}}},
            "spec.tls.frontend.default.validation.caCertificateRefs[0].kind: expected one of ConfigMap, Secret, found",
        ),
        (
            {"tls": {"frontend": {"default": {"validation": {"caCertificateRefs": [reference("a"), reference("b")]}}}}},
            "spec.tls.frontend.default.validation.caCertificateRefs: more than one is valid elsewhere but not",
        ),
        (
            {"tls": {"frontend": {"default": CLIENTS, "perPort": [{"port": 1, "tls": {}}] * 2}}},
            "spec.tls.frontend.perPort: names a port twice",
        ),
    ],
)
def test_gateways_that_are_refused(spec: dict[str, Any], reason: str) -> None:
    """The same for what is beside the listeners."""
    (problem,) = problems(kubernetes_gateway("edge", listens("a"), **spec))
    assert problem.startswith(reason)


def test_listeners_must_not_contradict_each_other() -> None:
    """Names are different, a port has one protocol, and a host is one listener's."""
    assert problems(kubernetes_gateway("edge", listens("a"), listens("a", port=81))) == [
        "spec.listeners: two listeners have one name"
    ]
    assert problems(kubernetes_gateway("edge", listens("a", port=443), terminates("b", "c"))) == [
        "spec.listeners: one port number cannot be both HTTP and HTTPS or TLS"
    ]
    twice = listens("a"), listens("b"), listens("c", host="a.example.com"), listens("d", host="a.example.com")
    assert problems(kubernetes_gateway("edge", *twice)) == [
        "spec.listeners: two listeners of port 80 are without a hostname",
        "spec.listeners: two listeners of port 80 are for a.example.com",
    ]


def test_what_a_controller_deploys_means_nothing_here() -> None:
    """Labels and annotations for a Deployment that is not made change nothing."""
    assert one(listens("a"), infrastructure={"labels": {"a": "b"}, "annotations": {"c": "d"}}).listeners
