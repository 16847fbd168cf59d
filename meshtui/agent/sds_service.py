"""What a workload's Envoy gets by SDS: its key pair as `default` and its trust bundle as `ROOTCA`, Istio's names."""

from __future__ import annotations

import grpc.aio
from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2
from envoy.service.secret.v3 import sds_pb2_grpc

from meshtui.identity.svid import Svid
from meshtui.wire.discovery import SECRET, Resource, World, content_version
from meshtui.wire.streams import Distributor

KEY_PAIR = "default"
BUNDLE = "ROOTCA"


def secrets_of(svid: Svid) -> World:
    """The two secrets of a workload, versioned by serial number and by the roots' fingerprints."""
    pair = secret_pb2.Secret(
        name=KEY_PAIR,
        tls_certificate=common_pb2.TlsCertificate(
            certificate_chain=base_pb2.DataSource(inline_bytes=svid.chain_pem),
            private_key=base_pb2.DataSource(inline_bytes=svid.private_key_pem),
        ),
    )
    bundle = secret_pb2.Secret(
        name=BUNDLE,
        validation_context=common_pb2.CertificateValidationContext(
            trusted_ca=base_pb2.DataSource(inline_bytes=svid.bundle.pem)
        ),
    )
    return {SECRET: {KEY_PAIR: Resource(svid.facts.serial, pair), BUNDLE: Resource(content_version(bundle), bundle)}}


def register_sds(distributor: Distributor, server: grpc.aio.Server) -> None:
    """Serve StreamSecrets, and like Istio's agent no other method of the service."""
    servicer = sds_pb2_grpc.SecretDiscoveryServiceServicer()
    servicer.StreamSecrets = distributor.serve
    sds_pb2_grpc.add_SecretDiscoveryServiceServicer_to_server(servicer, server)
