"""Transport sockets: who presents which certificate, and whose is accepted.

Certificates, keys and roots are only named here; Envoy asks for them by SDS (workloads, from the agent) and
ADS (gateways). A peer that would have to be accepted without being checked gets no transport socket at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from envoy.config.core.v3 import base_pb2, config_source_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2, tls_pb2
from google.protobuf import any_pb2, duration_pb2

from meshtui.manifest.model import ServerTls
from meshtui.xds import naming

SDS_CLUSTER = "sds-grpc"
"""In every proxy's bootstrap: its own agent."""
GATEWAY_SECRET_WAIT = timedelta(seconds=2)
"""How long a listener waits for a gateway's secret that was refused, before its other hosts go on without it."""

_ALPN = ("h2", "http/1.1")
_VERSIONS = {"TLSV1_2": common_pb2.TlsParameters.TLSv1_2, "TLSV1_3": common_pb2.TlsParameters.TLSv1_3}


def packed(message: Any) -> Any:
    """A message as Any, the same bytes every time."""
    wrapped = any_pb2.Any()
    wrapped.Pack(message, deterministic=True)
    return wrapped


def workload_server(trust_domain: str) -> Any:
    """A sidecar's side of mutual TLS: any workload of the mesh may connect, and nobody else."""
    accepted = {"prefix": f"spiffe://{trust_domain}/"}
    return _socket(
        tls_pb2.DownstreamTlsContext(
            common_tls_context=_workload_tls((accepted,)),
            require_client_certificate={"value": True},
            # every connection shows its certificate: what expired or was revoked cannot be resumed
            disable_stateless_session_resumption=True,
            disable_stateful_session_resumption=True,
        )
    )


def workload_client(sni: str, identities: Sequence[str]) -> Any:
    """A proxy's side of mutual TLS towards a service: the peer must be one of `identities` (secure naming).

    Raises ValueError when there are none: Envoy would take an empty list as "anyone".
    """
    if not identities:
        raise ValueError(f"no identity is expected behind {sni}")
    accepted = [{"exact": identity} for identity in identities]
    return _socket(tls_pb2.UpstreamTlsContext(common_tls_context=_workload_tls(accepted), sni=sni))


def gateway_server(tls: ServerTls, certificates: Sequence[str], client_roots: str) -> Any:
    """A gateway's side of TLS: both arguments name secrets; without `client_roots` anyone may connect."""
    common: dict[str, Any] = {
        "tls_params": _versions(tls.min_protocol_version, tls.max_protocol_version),
        "tls_certificate_sds_secret_configs": [
            _from_agent(name) if name == naming.WORKLOAD_CERTIFICATE else _from_ads(name) for name in certificates
        ],
        "alpn_protocols": _ALPN,
    }
    if client_roots:
        common["validation_context_sds_secret_config"] = _from_ads(client_roots)
    return _socket(
        tls_pb2.DownstreamTlsContext(
            common_tls_context=common,
            require_client_certificate={"value": bool(client_roots)},
            disable_stateless_session_resumption=bool(client_roots),
            disable_stateful_session_resumption=bool(client_roots),
        )
    )


def _workload_tls(accepted: Sequence[dict[str, str]]) -> Any:
    identities = [
        common_pb2.SubjectAltNameMatcher(san_type=common_pb2.SubjectAltNameMatcher.URI, matcher=matcher)
        for matcher in accepted
    ]
    return tls_pb2.CommonTlsContext(
        tls_params=_versions("TLSV1_2", "TLSV1_3"),
        alpn_protocols=_ALPN,
        tls_certificate_sds_secret_configs=[_from_agent(naming.WORKLOAD_CERTIFICATE)],
        combined_validation_context={
            "default_validation_context": {"match_typed_subject_alt_names": identities},
            "validation_context_sds_secret_config": _from_agent(naming.WORKLOAD_ROOTS),
        },
    )


def _versions(lowest: str, highest: str) -> Any:
    return common_pb2.TlsParameters(
        tls_minimum_protocol_version=_VERSIONS[lowest], tls_maximum_protocol_version=_VERSIONS[highest]
    )


def _from_agent(name: str) -> Any:
    """Envoy waits for it for as long as it takes: without an identity there is nothing to serve."""
    return secret_pb2.SdsSecretConfig(
        name=name,
        sds_config=config_source_pb2.ConfigSource(
            resource_api_version=config_source_pb2.V3,
            initial_fetch_timeout=duration_pb2.Duration(),
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
