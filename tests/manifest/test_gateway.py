"""Istio Gateways."""

from __future__ import annotations

from typing import Any

import pytest

from meshtui.manifest.model import Gateway, Reference, Server, ServerTls
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


def test_versions_of_tls() -> None:
    """TLS_AUTO and nothing are 1.2 to 1.3; either end can be moved inside that, never below."""
    (found,) = read(
        gateway("edge", https("a.example.com", minProtocolVersion="TLSV1_3", maxProtocolVersion="TLS_AUTO"))
    )
    assert isinstance(found, Gateway)
    tls = found.servers[0].tls
    assert tls is not None
    assert (tls.min_protocol_version, tls.max_protocol_version) == ("TLSV1_3", "TLSV1_3")
    assert problems(gateway("edge", https("a.example.com", minProtocolVersion="TLSV1_0"))) == [
        "spec.servers[0].tls.minProtocolVersion: TLSV1_0 is valid elsewhere but not supported here; "
        "use TLS_AUTO or TLSV1_2 or TLSV1_3"
    ]
    backwards = https("a.example.com", minProtocolVersion="TLSV1_3", maxProtocolVersion="TLSV1_2")
    assert problems(gateway("edge", backwards)) == [
        "spec.servers[0].tls.maxProtocolVersion: is lower than minProtocolVersion"
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
        (https("a", mode="PASSTHROUGH"), "spec.servers[0].tls.mode: PASSTHROUGH is valid elsewhere but not supported"),
        (
            https("a", credential="istio-system/c"),
            "spec.servers[0].tls.credentialName: NAMESPACE/NAME and scheme://NAME",
        ),
        (https("a", serverCertificate="/etc/c"), "spec.servers[0].tls.serverCertificate: valid elsewhere but not"),
        (https("a", httpsRedirect=True), "spec.servers[0].tls.httpsRedirect: belongs to an HTTP server"),
        (http("a", mode="SIMPLE"), "spec.servers[0].tls.mode: belongs to an HTTPS server; an HTTP server has only"),
        ({**https("a"), "tls": None}, "spec.servers[0].tls: required for an HTTPS server, and missing"),
        ({**https("a"), "bind": "0.0.0.0"}, "spec.servers[0].bind: valid elsewhere but not supported here"),
        (
            {**http("a"), "port": {"number": 80, "name": "a", "protocol": "TCP"}},
            "spec.servers[0].port.protocol: TCP is valid elsewhere but not supported here; use HTTPS or HTTP",
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
