"""Istio Gateways."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.model import Gateway
from meshtui.manifest.server import Reference, Server, ServerTls
from tests.manifest.writing import document, gateway, http, https, problems, read


def test_servers_are_read() -> None:
    """An HTTPS server has its credential, and a plain one may send its clients to HTTPS."""
    (found,) = read(gateway("edge", https("a.example.com", "*.b.example.com"), http("*", httpsRedirect=True)))
    assert isinstance(found, Gateway)
    assert (
        Server(
            number=443,
            name="https",
            protocol="HTTPS",
            hosts=("a.example.com", "*.b.example.com"),
            tls=ServerTls(mode="SIMPLE", credentials=(Reference("credential"),)),
        ),
        Server(number=80, name="http", protocol="HTTP", hosts=("*",), tls=ServerTls(https_redirect=True)),
    ) == found.servers


def test_an_http_server_may_say_that_it_ends_no_tls() -> None:
    """PASSTHROUGH, Istio's default, is what a plain server does anyway."""
    (found,) = read(gateway("edge", http("a.example.com", mode="PASSTHROUGH")))
    assert isinstance(found, Gateway)
    assert found.servers[0].tls == ServerTls()


def test_tls_that_is_not_http_inside() -> None:
    """Protocol TLS shares a port with HTTPS, not with HTTP."""
    server = https("a.example.com", mode="PASSTHROUGH", name="tls")
    server["port"]["protocol"] = "TLS"
    (found,) = read(gateway("edge", server, https("b.example.com")))
    assert isinstance(found, Gateway)
    assert [each.protocol for each in found.servers] == ["TLS", "HTTPS"]
    assert problems(gateway("edge", server, http("b", number=443))) == [
        "spec.servers: one port number cannot be both HTTP and HTTPS"
    ]


@pytest.mark.parametrize("version", ["v1", "v1beta1", "v1alpha3"])
def test_all_versions_of_the_api_are_one(version: str) -> None:
    """Istio's three API versions mean the same."""
    spec = gateway("edge", http("*"))["spec"]
    (found,) = read(document("Gateway", "edge", api=f"networking.istio.io/{version}", spec=spec))
    assert isinstance(found, Gateway)


@pytest.mark.parametrize(
    ("server", "reason"),
    [
        (https(), "spec.servers[0].hosts: must not be empty"),
        (https("a_b"), 'spec.servers[0].hosts[0]: expected a lower-case DNS name, *.NAME or *; found "a_b"'),
        (https("prod/a.example.com"), "spec.servers[0].hosts[0]: hosts with a namespace (NAMESPACE/HOST) are valid in"),
        (http("a", mode="SIMPLE"), "spec.servers[0].tls.mode: belongs to an HTTPS server; an HTTP server has only"),
        (http("a", credentialName="c"), "spec.servers[0].tls.credentialName: belongs to an HTTPS server; an HTTP"),
        ({**https("a"), "tls": None}, "spec.servers[0].tls: required for an HTTPS server, and missing"),
        ({**https("a"), "bind": "0.0.0.0"}, "spec.servers[0].bind: valid elsewhere but not supported here"),
        (
            {**http("a"), "port": {"number": 80, "name": "a", "protocol": "TCP"}},
            "spec.servers[0].port.protocol: TCP is valid elsewhere but not supported here; use HTTPS or TLS",
        ),
    ],
)
def test_servers_that_are_refused(server: dict[str, Any], reason: str) -> None:
    """What a server cannot be here is told with the field that says so."""
    (problem,) = problems(gateway("edge", server))
    assert problem.startswith(reason)


def test_gateways_that_are_refused() -> None:
    """A Gateway selects something, and its servers do not contradict each other."""
    assert problems(gateway("edge", http("a", number=443), https("a"))) == [
        "spec.servers: one port number cannot be both HTTP and HTTPS"
    ]
    assert problems(gateway("edge", https("a"), https("b"))) == [
        "spec.servers: two servers of one port have one port name"
    ]
    everything = gateway("edge", https("a"))
    everything["spec"]["selector"] = {}
    assert problems(everything) == [
        "spec.selector: must name the labels of a gateway workload; an empty one would be all of them"
    ]
