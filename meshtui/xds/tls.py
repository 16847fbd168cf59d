"""Transport sockets: who presents which certificate, and whose is accepted.

Certificates, keys and roots are only named here; Envoy asks for them by SDS (workloads, from the agent) and
ADS (gateways). A peer that would have to be accepted without being checked gets no transport socket at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from ipaddress import ip_address
from typing import Any

from envoy.config.core.v3 import base_pb2, config_source_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2, tls_pb2
from google.protobuf import any_pb2

from meshtui.manifest.names import name_problem
from meshtui.manifest.server import ServerTls
from meshtui.xds import naming

SDS_CLUSTER = "sds-grpc"
"""In every proxy's bootstrap: its own agent."""
GATEWAY_SECRET_WAIT = timedelta(seconds=2)
"""How long a listener waits for a secret that is refused or not sent, before its other hosts go on without it."""

_ALPN = ("h2", "http/1.1")
_VERSIONS = {"TLSV1_2": common_pb2.TlsParameters.TLSv1_2, "TLSV1_3": common_pb2.TlsParameters.TLSv1_3}
_AS_LONG_AS_IT_TAKES = timedelta(0)


def packed(message: Any) -> Any:
    """A message as Any, the same bytes every time."""
    wrapped = any_pb2.Any()
    wrapped.Pack(message, deterministic=True)
    return wrapped


def workload_server(trust_domain: str) -> Any:
    """A sidecar's side of mutual TLS: any workload of the mesh may connect, and nobody else."""
    return _demanding(_workload_tls([_of_trust_domain(trust_domain)], _versions("TLSV1_2", "TLSV1_3")))


def workload_client(sni: str, identities: Sequence[str]) -> Any:
    """A proxy's side of mutual TLS towards a service: the peer must be one of `identities` (secure naming).

    They are SPIFFE IDs, or what a DestinationRule has in their place, which may be any name of a certificate. Raises
    ValueError when there are none: Envoy would take an empty list as "anyone".
    """
    if not identities:
        raise ValueError(f"no identity is expected behind {sni}")
    accepted = [_subject(subject_kind(identity) or "DNS", {"exact": identity}) for identity in identities]
    common = _workload_tls(accepted, _versions("TLSV1_2", "TLSV1_3"))
    return _socket(tls_pb2.UpstreamTlsContext(common_tls_context=common, sni=sni))


def gateway_server(tls: ServerTls, certificates: Sequence[str], client_roots: str) -> Any:
    """A gateway's side of TLS: both arguments name secrets; without `client_roots` anyone may connect.

    Of several certificates Envoy presents the one whose kind of key the client can check, ECDSA before RSA.
    """
    common = tls_pb2.CommonTlsContext(
        tls_params=_parameters(tls),
        tls_certificate_sds_secret_configs=[
            _from_agent(name, GATEWAY_SECRET_WAIT) if name == naming.WORKLOAD_CERTIFICATE else _from_ads(name)
            for name in certificates
        ],
        alpn_protocols=_ALPN,
    )
    if not client_roots:
        return _socket(tls_pb2.DownstreamTlsContext(common_tls_context=common, require_client_certificate={}))
    common.combined_validation_context.validation_context_sds_secret_config.CopyFrom(_from_ads(client_roots))
    common.combined_validation_context.default_validation_context.CopyFrom(
        common_pb2.CertificateValidationContext(
            match_typed_subject_alt_names=[
                _subject(subject_kind(name), {"exact": name}) for name in tls.subject_alt_names
            ],
            verify_certificate_spki=tls.verify_certificate_spki,
            verify_certificate_hash=tls.verify_certificate_hash,
        )
    )
    return _demanding(common, required=tls.mode != "OPTIONAL_MUTUAL")


def gateway_workload_server(tls: ServerTls, trust_domain: str) -> Any:
    """A gateway that presents its own identity (ISTIO_MUTUAL): only workloads of the mesh may connect."""
    named = [_subject("URI", {"exact": name}) for name in tls.subject_alt_names]
    accepted = named or [_of_trust_domain(trust_domain)]
    # the other hosts of its port do not wait for an identity that the CA does not give
    return _demanding(_workload_tls(accepted, _parameters(tls), GATEWAY_SECRET_WAIT))


def presents_identity(socket: Any) -> bool:
    """Whether a server's transport socket presents the workload's own certificate."""
    context = tls_pb2.DownstreamTlsContext()
    socket.typed_config.Unpack(context)
    names = (each.name for each in context.common_tls_context.tls_certificate_sds_secret_configs)
    return naming.WORKLOAD_CERTIFICATE in names


def subject_kind(name: str) -> str:
    """What kind of alternative name a text is: `URI`, `EMAIL`, `IP_ADDRESS` or `DNS`; empty for what is none."""
    if "://" in name:
        return "URI"
    if "@" in name:
        return "EMAIL"
    with suppress(ValueError):
        return "IP_ADDRESS" if ip_address(name) else ""
    return "" if name_problem(name.lower()) else "DNS"


def _demanding(common: Any, *, required: bool = True) -> Any:
    """A server that checks its clients: a certificate may be missing if it is not `required`, but never bad."""
    return _socket(
        tls_pb2.DownstreamTlsContext(
            common_tls_context=common,
            require_client_certificate={"value": required},
            # every connection shows its certificate: what expired or was revoked cannot be resumed
            disable_stateless_session_resumption=True,
            disable_stateful_session_resumption=True,
        )
    )


def _workload_tls(accepted: Sequence[Any], parameters: Any, wait: timedelta = _AS_LONG_AS_IT_TAKES) -> Any:
    return tls_pb2.CommonTlsContext(
        tls_params=parameters,
        alpn_protocols=_ALPN,
        tls_certificate_sds_secret_configs=[_from_agent(naming.WORKLOAD_CERTIFICATE, wait)],
        combined_validation_context={
            "default_validation_context": {"match_typed_subject_alt_names": accepted},
            "validation_context_sds_secret_config": _from_agent(naming.WORKLOAD_ROOTS, wait),
        },
    )


def _of_trust_domain(trust_domain: str) -> Any:
    return _subject("URI", {"prefix": f"spiffe://{trust_domain}/"})


def _subject(kind: str, matcher: dict[str, str]) -> Any:
    return common_pb2.SubjectAltNameMatcher(
        san_type=common_pb2.SubjectAltNameMatcher.SanType.Value(kind), matcher=matcher
    )


def _parameters(tls: ServerTls) -> Any:
    found = _versions(tls.min_protocol_version, tls.max_protocol_version)
    found.cipher_suites.extend(dict.fromkeys(tls.cipher_suites))
    return found


def _versions(lowest: str, highest: str) -> Any:
    return common_pb2.TlsParameters(
        tls_minimum_protocol_version=_VERSIONS[lowest], tls_maximum_protocol_version=_VERSIONS[highest]
    )


def _from_agent(name: str, wait: timedelta) -> Any:
    """A listener waits so long for it; a sidecar's for as long as it takes: without an identity it serves nothing."""
    return secret_pb2.SdsSecretConfig(
        name=name,
        sds_config=config_source_pb2.ConfigSource(
            resource_api_version=config_source_pb2.V3,
            initial_fetch_timeout=wait,
            api_config_source={
                "api_type": config_source_pb2.ApiConfigSource.GRPC,
                "transport_api_version": config_source_pb2.V3,
                "set_node_on_first_message_only": True,
                "grpc_services": [{"envoy_grpc": {"cluster_name": SDS_CLUSTER}}],
            },
        ),
    )


def _from_ads(name: str) -> Any:
    return secret_pb2.SdsSecretConfig(
        name=name,
        sds_config=config_source_pb2.ConfigSource(
            resource_api_version=config_source_pb2.V3, initial_fetch_timeout=GATEWAY_SECRET_WAIT, ads={}
        ),
    )


def _socket(context: Any) -> Any:
    return base_pb2.TransportSocket(name="envoy.transport_sockets.tls", typed_config=packed(context))
