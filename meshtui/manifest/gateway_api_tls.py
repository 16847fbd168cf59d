"""Reads how listeners of a Gateway of the Gateway API speak TLS: as the settings that Istio's Gateway has for it.

The listener says what is presented, `spec.tls.frontend` whether its clients are checked, and Istio's option
`gateway.istio.io/tls-terminate-mode` overrides both. Istio's terms for all of it are in `model.ServerTls`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from meshtui.manifest.api_references import read_reference
from meshtui.manifest.fields import Fields
from meshtui.manifest.server import Reference, ServerTls

TERMINATE_MODE = "gateway.istio.io/tls-terminate-mode"
_OWN_CERTIFICATE = ("ISTIO_SIMPLE", "ISTIO_MUTUAL")
"""Modes in which the workload presents its own certificate."""
_MODES = ("MUTUAL", "OPTIONAL_MUTUAL", *_OWN_CERTIFICATE)
_VALIDATION = {"AllowValidOnly": "MUTUAL", "AllowInsecureFallback": "OPTIONAL_MUTUAL"}
"""Istio's modes for them. OPTIONAL_MUTUAL takes no invalid certificate in place of a missing one: it is stricter."""
_CERTIFICATES_MAX = 2


@dataclass(frozen=True)
class ClientCheck:
    """How clients are checked."""

    mode: str
    """`MUTUAL` or `OPTIONAL_MUTUAL`."""
    ca: Reference


@dataclass(frozen=True)
class ClientChecks:
    """Of all ports of one Gateway."""

    default: ClientCheck | None = None
    """None: clients are not asked for a certificate."""
    per_port: Mapping[int, ClientCheck | None] = field(default_factory=dict)

    def at(self, port: int) -> ClientCheck | None:
        """Of one port."""
        return self.per_port.get(port, self.default)


def read_client_checks(spec: Fields, namespace: str) -> ClientChecks:
    """Read `tls` of a Gateway's spec."""
    with spec.mapping("tls") as tls:
        tls.unsupported("backend", why="services are called with the mesh's own certificates")
        with tls.mapping("frontend") as frontend:
            with frontend.mapping("default", required=tls.has("frontend")) as default:
                everywhere = _check(default, namespace)
            ports = [_per_port(item, namespace) for item in frontend.items("perPort")]
            if len(dict(ports)) < len(ports):
                frontend.problem("perPort", "names a port twice")
    return ClientChecks(everywhere, dict(ports))


def _per_port(fields: Fields, namespace: str) -> tuple[int, ClientCheck | None]:
    with fields:
        port = fields.port("port", required=True)
        with fields.mapping("tls", required=True) as tls:
            return port, _check(tls, namespace)


def _check(fields: Fields, namespace: str) -> ClientCheck | None:
    with fields.mapping("validation") as validation:
        if not fields.has("validation"):
            return None
        mode = validation.text("mode", "AllowValidOnly", choices=tuple(_VALIDATION))
        found = [
            read_reference(item, namespace, ("ConfigMap", "Secret"))
            for item in validation.items("caCertificateRefs", required=True)
        ]
        if len(found) > 1:
            validation.problem(
                "caCertificateRefs", "more than one is valid elsewhere but not supported here, as in Istio"
            )
        return ClientCheck(_VALIDATION[mode], found[0]) if found else None


def read_listener_tls(listener: Fields, protocol: str, namespace: str, check: ClientCheck | None) -> ServerTls | None:
    """Read `tls` of a listener; None for plain HTTP, and when there is no telling."""
    if protocol not in ("HTTPS", "TLS"):
        if listener.has("tls") and protocol:
            listener.problem("tls", "belongs to an HTTPS or TLS listener")
        return None
    with listener.mapping("tls", required=True) as tls:
        tls.unsupported("frontendValidation", why="the Gateway's spec.tls.frontend says how clients are checked")
        mode = tls.text("mode", "Terminate", choices=("Terminate", "Passthrough"))
        certificates = tuple(read_reference(item, namespace, ("Secret",)) for item in tls.items("certificateRefs"))
        with tls.mapping("options") as options:
            option = options.text(TERMINATE_MODE, choices=_MODES)
        if mode == "Passthrough":
            _passthrough(tls, protocol, certificates, option)
            return ServerTls(mode="PASSTHROUGH")
        if protocol == "TLS":
            tls.problem("mode", "Terminate is valid elsewhere but not supported here for a TLS listener; use HTTPS")
        if listener.has("tls"):
            _certificates(tls, certificates, option)
    asked = option or (check.mode if check is not None else "SIMPLE")
    return ServerTls(mode=asked, credentials=certificates, ca=check.ca if check is not None else None)


def _passthrough(tls: Fields, protocol: str, certificates: tuple[Reference, ...], option: str) -> None:
    if protocol == "HTTPS":
        tls.problem("mode", "an HTTPS listener ends TLS itself; Passthrough belongs to a TLS listener")
    for name, given in (("certificateRefs", certificates), ("options", option)):
        if given:
            tls.problem(name, "has no meaning with Passthrough")


def _certificates(tls: Fields, certificates: tuple[Reference, ...], option: str) -> None:
    if option in _OWN_CERTIFICATE and certificates:
        tls.problem("certificateRefs", f"has no meaning with {option}, which presents the gateway's own certificate")
    elif option not in _OWN_CERTIFICATE and not certificates:
        tls.problem("certificateRefs", "required for a listener that ends TLS, and missing")
    if len(certificates) > _CERTIFICATES_MAX:
        tls.problem(
            "certificateRefs", f"has {len(certificates)} elements; as in Istio at most {_CERTIFICATES_MAX} are accepted"
        )
