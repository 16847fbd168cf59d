"""Reads an Istio Gateway: which ports and hosts the gateway workloads open, and with which credentials.

Whether the Secret that a server names exists, and fits, is not asked here: it may come later.
"""

from __future__ import annotations

from typing import Any

from meshtui.manifest.fields import Fields
from meshtui.manifest.kinds import GATEWAY_API
from meshtui.manifest.model import Gateway, Metadata, Reference, Server, ServerTls
from meshtui.manifest.names import host_problem, label_key_problem, label_value_problem, name_problem

PLAIN = ("HTTP", "HTTP2", "GRPC")
_ELSEWHERE = ("GRPC-WEB", "MONGO", "TCP", "TLS")
_MODES = ("SIMPLE", "MUTUAL")
_MODES_ELSEWHERE = ("PASSTHROUGH", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL")
_VERSIONS = ("TLS_AUTO", "TLSV1_2", "TLSV1_3")


def read_gateway(fields: Fields, metadata: Metadata, document: dict[str, Any]) -> Gateway:
    """Read a Gateway."""
    with fields.mapping("spec", required=True) as spec:
        for name in ("gatewayClassName", "listeners"):
            if spec.has(name):
                spec.problem(name, f"belongs to the Gateway API; for that write apiVersion: {GATEWAY_API}/v1")
        selector = spec.text_map("selector", key=label_key_problem, value=label_value_problem)
        servers = tuple(_server(item) for item in spec.items("servers", required=True))
        if not selector:
            spec.problem("selector", "must name the labels of a gateway workload; an empty one would be all of them")
        if len({(server.number, server.name) for server in servers}) < len(servers):
            spec.problem("servers", "two servers of one port have one port name")
        protocols = {server.number: server.protocol == "HTTPS" for server in servers}
        if any(protocols[server.number] != (server.protocol == "HTTPS") for server in servers):
            spec.problem("servers", "one port number cannot be both HTTP and HTTPS")
    return Gateway(metadata=metadata, document=document, selector=selector, servers=servers)


def _server(fields: Fields) -> Server:
    with fields:
        fields.ignore("name")
        fields.unsupported("bind", "defaultEndpoint")
        with fields.mapping("port", required=True) as port:
            port.ignore("targetPort")  # deprecated in Istio, where it does nothing
            number = port.port("number", required=True)
            name = port.text("name", required=True)
            protocol = port.text("protocol", required=True, choices=("HTTPS", *PLAIN), elsewhere=_ELSEWHERE)
        hosts = fields.texts("hosts", required=True, check=host_problem)
        tls = None
        if fields.has("tls"):
            with fields.mapping("tls") as inner:
                tls = _plain_tls(inner) if protocol in PLAIN else _tls(inner)
        elif protocol == "HTTPS":
            fields.problem("tls", "required for an HTTPS server, and missing")
        return Server(number=number, name=name, protocol=protocol, hosts=hosts, tls=tls)


def _plain_tls(fields: Fields) -> ServerTls:
    for name in fields.names():
        if name != "httpsRedirect":
            fields.ignore(name)
            fields.problem(name, "belongs to an HTTPS server; an HTTP server has only httpsRedirect")
    return ServerTls(https_redirect=fields.boolean("httpsRedirect"))


def _tls(fields: Fields) -> ServerTls:
    if fields.boolean("httpsRedirect"):
        fields.problem("httpsRedirect", "belongs to an HTTP server")
    fields.unsupported("serverCertificate", "privateKey", "caCertificates", why="name a Secret with credentialName")
    fields.unsupported("credentialNames", "tlsCertificates", "caCertCredentialName", "caCrl", "subjectAltNames")
    fields.unsupported("verifyCertificateSpki", "verifyCertificateHash", "cipherSuites", "insecureSkipVerify")
    older = ("TLSV1_0", "TLSV1_1")
    lowest = fields.text("minProtocolVersion", "TLS_AUTO", choices=_VERSIONS, elsewhere=older)
    highest = fields.text("maxProtocolVersion", "TLS_AUTO", choices=_VERSIONS, elsewhere=older)
    if lowest == "TLSV1_3" and highest == "TLSV1_2":
        fields.problem("maxProtocolVersion", "is lower than minProtocolVersion")
    return ServerTls(
        mode=fields.text("mode", "SIMPLE", required=True, choices=_MODES, elsewhere=_MODES_ELSEWHERE),
        credentials=(Reference(fields.text("credentialName", required=True, check=_credential_problem)),),
        min_protocol_version="TLSV1_2" if lowest == "TLS_AUTO" else lowest,
        max_protocol_version="TLSV1_3" if highest == "TLS_AUTO" else highest,
    )


def _credential_problem(text: str) -> str:
    if "/" in text:
        return "NAMESPACE/NAME and scheme://NAME are valid in Istio but not supported here; write the bare name"
    return name_problem(text)
