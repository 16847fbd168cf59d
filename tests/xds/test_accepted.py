"""Everything that the manifests can say is something that Envoy takes: `envoy --mode validate` of a rich mesh."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from envoy.extensions.filters.network.http_connection_manager.v3 import http_connection_manager_pb2
from google.protobuf.json_format import MessageToDict

from meshtui.envoy.binary import find_envoy
from meshtui.envoy.bootstrap import ProxySockets, bootstrap
from meshtui.manifest.catalog import Catalog
from meshtui.manifest.demo import load_demo
from meshtui.wire.discovery import CLUSTER, LISTENER, ROUTE
from meshtui.xds.context import ProxyContext
from meshtui.xds.resources import Resources, resources_of
from meshtui.xds.unsupported import CIPHER_SUITES
from tests.manifest.writing import document, gateway, http, https, read, to, virtual_service


def without_name(server: dict[str, Any]) -> dict[str, Any]:
    del server["tls"]["credentialName"]
    return server


LONG = "|".join(f"/path/number/{i}/[a-z]+" for i in range(30))
RICH = (
    *(
        document("Secret", name, "istio-system", stringData={"tls.crt": "c", "tls.key": "k", "ca.crt": "r"})
        for name in ("one", "two", "three")
    ),
    gateway(
        "rich",
        https("a.example.com", "*.b.example.com", credential="one", minProtocolVersion="TLSV1_3"),
        https("*", credential="two", name="https-all"),
        https("c.example.com", credential="three", name="https-mutual", mode="MUTUAL"),
        https("d.example.com", credential="missing", name="https-missing"),
        https(
            "asked.example.com",
            credential="three",
            name="https-asked",
            mode="MUTUAL",
            subjectAltNames=["a.example.com", "spiffe://a/b", "a@example.com", "::1"],
            verifyCertificateSpki=["D7+ch6kpW3fm20S9xrRMZIjbAz8GD0ACPiupGEaQ7Bg="],
            verifyCertificateHash=["df" * 32, ":".join(["DF"] * 32)],
            cipherSuites=sorted(CIPHER_SUITES),
        ),
        without_name(https("o.example.com", name="o", mode="OPTIONAL_MUTUAL", credentialNames=["three", "two"])),
        without_name(https("i.example.com", name="i", mode="ISTIO_MUTUAL", subjectAltNames=["spiffe://a/b"])),
        http("*.b.example.com", httpsRedirect=True),
        http("e.example.com", name="http-plain"),
    ),
    virtual_service(
        "rich",
        to("httpbin", match=[{"uri": {"exact": "/a"}}, {"uri": {"prefix": "/b"}, "ignoreUriCase": True}], timeout="1s"),
        to("httpbin", 8000, match=[{"uri": {"regex": LONG}, "method": {"regex": "GET|HEAD"}}], rewrite={"uri": "/x"}),
        to("httpbin", match=[{"headers": {"x-a": {"prefix": "b"}}}], rewrite={"authority": "other.example.com"}),
        {
            "match": [{"uri": {"prefix": "/r"}}],
            "redirect": {"uri": "/s", "authority": "z.example.com:1", "scheme": "http"},
        },
        {
            "route": [
                {"destination": {"host": "httpbin.prod.svc.cluster.local"}, "weight": 0},
                {"destination": {"host": "ratings"}, "weight": 7},
                {"destination": {"host": "nobody.example.com", "port": {"number": 443}}, "weight": 3},
            ]
        },
        hosts=("*", "a.example.com", "x.b.example.com", "httpbin", "outside.example.com"),
        gateways=("rich", "mesh"),
    ),
)


def given(target: str) -> Resources:
    context = ProxyContext(
        target=target,
        trust_domain="cluster.local",
        inbound=Path("/run/m/in"),
        outbound=Path("/run/m/out"),
        app=Path("/run/m/app"),
        inbound_of={"workload/prod/httpbin": Path("/run/m/in"), "workload/prod/sleep": Path("/run/m/in-sleep")},
        ports={8080: 18080, 8443: 18443},
    )
    return resources_of(Catalog.of(load_demo()).apply(read(*RICH)), context)


def static(resources: Resources, directory: Path) -> dict[str, Any]:
    """A bootstrap that holds the resources, so that Envoy checks all of them without being served any."""
    sockets = ProxySockets(ads=directory / "ads", sds=directory / "sds", admin=directory / "admin")
    configuration = bootstrap("test", "test", sockets)
    for listener in resources[LISTENER].values():
        for chain in listener.filter_chains:
            for item in chain.filters:
                manager = http_connection_manager_pb2.HttpConnectionManager()
                item.typed_config.Unpack(manager)
                if manager.HasField("rds"):
                    routes = resources[ROUTE][manager.rds.route_config_name]
                    manager.ClearField("rds")
                    manager.route_config.CopyFrom(routes)
                    # what a route names may be missing, which RDS allows
                    manager.route_config.validate_clusters.value = False
                    item.typed_config.Pack(manager)
    configuration["static_resources"]["listeners"] = [as_json(item) for item in resources[LISTENER].values()]
    configuration["static_resources"]["clusters"] += [as_json(item) for item in resources[CLUSTER].values()]
    return configuration


def as_json(message: Any) -> Any:
    return MessageToDict(message, preserving_proto_field_name=True)


def validate(resources: Resources, directory: Path) -> str:
    """What Envoy has against it; empty when it has nothing."""
    binary = find_envoy()
    assert binary is not None
    file = directory / "bootstrap.json"
    file.write_text(json.dumps(static(resources, directory)))
    command = [str(binary.path), "-c", str(file), "--mode", "validate", "--disable-hot-restart", "-l", "error"]
    checked = subprocess.run(command, capture_output=True, text=True, check=False)
    return "" if checked.returncode == 0 else checked.stderr + checked.stdout


def test_a_rich_gateway_is_accepted(tmp_path: Path) -> None:
    """Wildcards, every TLS mode, every match, rewrite, redirect and weight at a gateway."""
    resources = given("workload/istio-system/istio-ingressgateway")
    assert {"gateway_8080", "gateway_8443"} == set(resources[LISTENER])
    assert len(resources[LISTENER]["gateway_8443"].filter_chains) == 6
    assert validate(resources, tmp_path) == ""


def test_a_rich_sidecar_is_accepted(tmp_path: Path) -> None:
    """A sidecar of the same mesh, with routes of its own for services and other hosts."""
    resources = given("workload/prod/sleep")
    assert {"inbound", "outbound"} == set(resources[LISTENER])
    assert validate(resources, tmp_path) == ""
