"""What a manifest may say in Istio but the Envoys of the embedded mesh cannot do: refused, never silently ignored.

Reading a manifest asks only whether Istio would take it, so that a cluster's can be read as well.
"""

from __future__ import annotations

from collections.abc import Iterator

from meshtui.gateway.references import ASKS_CLIENTS
from meshtui.manifest.fields import shown
from meshtui.manifest.model import Gateway, Manifest
from meshtui.manifest.server import Server, ServerTls
from meshtui.xds.tls import subject_kind

Problem = tuple[str, str]
"""Path within a server, and why."""

_PASSES_ON = {
    "PASSTHROUGH": "a gateway of this mesh always ends TLS itself",
    "AUTO_PASSTHROUGH": "there is no other network to pass it on to",
}
_TOO_OLD = ("TLSV1_0", "TLSV1_1")
CIPHER_SUITES = frozenset(
    {
        *("ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"),
        *("ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"),
        *("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-SHA", "ECDHE-RSA-AES128-SHA", "ECDHE-RSA-AES256-SHA"),
        *("AES128-GCM-SHA256", "AES256-GCM-SHA384", "AES128-SHA", "AES256-SHA"),
    }
)
"""Of TLS 1.2; Istio's list without triple DES."""


def unsupported(manifest: Manifest) -> tuple[str, ...]:
    """Each as `KIND NAMESPACE/NAME: PATH: REASON`; none for a kind that is supported wherever it can be read."""
    if not isinstance(manifest, Gateway):
        return ()
    return tuple(
        f"{manifest.key}: spec.servers[{index}].{path}: {reason}"
        for index, server in enumerate(manifest.servers)
        for path, reason in _problems(server)
    )


def is_supported(server: Server) -> bool:
    """Whether the Envoys of this mesh can be what this server says."""
    return next(_problems(server), None) is None


def _problems(server: Server) -> Iterator[Problem]:
    tls = server.tls
    if tls is None or not tls.mode:
        return
    if tls.mode in _PASSES_ON:
        modes = "SIMPLE, MUTUAL, OPTIONAL_MUTUAL or ISTIO_MUTUAL"
        yield "tls.mode", f"{_valid(tls.mode)}: {_PASSES_ON[tls.mode]}; use {modes}"
        return
    if server.protocol == "TLS":
        yield "port.protocol", f"{_valid('TLS')}: only HTTP can be routed behind it; use HTTPS"
    yield from _of_files(tls)
    yield from _of_versions(tls)
    yield from _of_clients(tls)


def _of_files(tls: ServerTls) -> Iterator[Problem]:
    why = "containers of this mesh have no files"
    if tls.files:
        named = "serverCertificate, privateKey and tlsCertificates are"
        yield "tls", f"{named} valid in Istio but not supported here: {why}; name a Secret with credentialName"
    if tls.ca_file:
        yield "tls.caCertificates", f"{_valid()}: {why}; put the CA into a Secret as ca.crt"
    if tls.crl_file:
        yield "tls.caCrl", f"{_valid()}: {why}; put it into the Secret of the CA as ca.crl"


def _of_versions(tls: ServerTls) -> Iterator[Problem]:
    if tls.https_redirect:
        yield "tls.httpsRedirect", f"{_valid()}: it belongs to an HTTP server"
    for name, version in (
        ("minProtocolVersion", tls.min_protocol_version),
        ("maxProtocolVersion", tls.max_protocol_version),
    ):
        if version in _TOO_OLD:
            yield f"tls.{name}", f"{_valid(version)}: it is not safe; use TLSV1_2 or TLSV1_3"
    for index, name in enumerate(tls.cipher_suites):
        if name not in CIPHER_SUITES:
            choices = ", ".join(sorted(CIPHER_SUITES))
            yield f"tls.cipherSuites[{index}]", f"{shown(name)} is not supported here; use some of {choices}"
    if tls.cipher_suites and tls.min_protocol_version == "TLSV1_3":
        yield "tls.cipherSuites", f"{_valid()}: TLS 1.3 has its own; leave it out"


def _of_clients(tls: ServerTls) -> Iterator[Problem]:
    """What is asked of certificates of clients."""
    if tls.insecure_skip_verify:
        yield "tls.insecureSkipVerify", f"{_valid()}: what a client says of itself would be passed on unchecked"
    if tls.ca is not None and tls.mode not in ASKS_CLIENTS:
        yield "tls.caCertCredentialName", f"{_valid()}: {tls.mode} takes no CA from it"
    asked = {
        "subjectAltNames": tls.subject_alt_names,
        "verifyCertificateSpki": tls.verify_certificate_spki,
        "verifyCertificateHash": tls.verify_certificate_hash,
    }
    for name in filter(asked.__getitem__, asked):
        if reason := _not_asked(name, tls.mode):
            yield f"tls.{name}", f"{_valid()}: {reason}"
    for index, name in enumerate(tls.subject_alt_names):
        kind = subject_kind(name)
        if not kind or (tls.mode == "ISTIO_MUTUAL" and kind != "URI"):
            wanted = "a SPIFFE ID" if tls.mode == "ISTIO_MUTUAL" else "a DNS name, URI, e-mail or IP address"
            yield f"tls.subjectAltNames[{index}]", f"{shown(name)} is not supported here; write {wanted}"


def _not_asked(name: str, mode: str) -> str:
    if mode == "SIMPLE":
        return "SIMPLE asks clients for no certificate; use MUTUAL"
    if mode == "OPTIONAL_MUTUAL":
        return "Envoy would refuse clients without a certificate then; use MUTUAL"
    if mode == "ISTIO_MUTUAL" and name != "subjectAltNames":
        return "ISTIO_MUTUAL asks for an identity of this mesh; use subjectAltNames"
    return ""


def _valid(what: str = "") -> str:
    return f"{what} is valid in Istio but not supported here".strip()
