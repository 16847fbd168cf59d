"""What a workload's Envoy gets by SDS: its key pair as `default` and its trust bundle as `ROOTCA`, Istio's names.

Which further names a workload is granted is decided elsewhere; this turns what was granted into resources.
"""

from __future__ import annotations

from functools import partial

import grpc
import grpc.aio
from envoy.config.core.v3 import base_pb2
from envoy.extensions.transport_sockets.tls.v3 import common_pb2, secret_pb2
from envoy.service.discovery.v3 import discovery_pb2

from meshtui.identity.svid import Svid
from meshtui.wire.discovery import SECRET, Resource, World, content_version
from meshtui.wire.streams import Distributor

KEY_PAIR = "default"
BUNDLE = "ROOTCA"

_SERVICE = "envoy.service.secret.v3.SecretDiscoveryService"


def key_pair(name: str, svid: Svid) -> Resource:
    """An SVID with its key as the secret `name`, versioned by its serial number."""
    secret = secret_pb2.Secret(
        name=name,
        tls_certificate=common_pb2.TlsCertificate(
            certificate_chain=base_pb2.DataSource(inline_bytes=svid.chain_pem),
            private_key=base_pb2.DataSource(inline_bytes=svid.private_key_pem),
        ),
    )
    return Resource(svid.facts.serial, secret)


def bundle(name: str, pem: bytes) -> Resource:
    """Concatenated PEM roots as the validation context `name`, versioned by content. Envoy refuses an empty one."""
    secret = secret_pb2.Secret(
        name=name,
        validation_context=common_pb2.CertificateValidationContext(trusted_ca=base_pb2.DataSource(inline_bytes=pem)),
    )
    return Resource(content_version(secret), secret)


def secrets_of(svid: Svid) -> World:
    """The two secrets that every workload has."""
    return {SECRET: {KEY_PAIR: key_pair(KEY_PAIR, svid), BUNDLE: bundle(BUNDLE, svid.bundle.pem)}}


def register_sds(distributor: Distributor, server: grpc.aio.Server) -> None:
    """Serve StreamSecrets and, like Istio's agent, no other method: FetchSecrets and DeltaSecrets are UNIMPLEMENTED.

    Unlike Istio's agent, a stream without a node id is not refused: the socket is the identity, and what a
    caller writes about itself is neither needed nor believed.
    """
    stream_secrets = grpc.stream_stream_rpc_method_handler(
        partial(distributor.serve, only=SECRET),
        request_deserializer=discovery_pb2.DiscoveryRequest.FromString,
        response_serializer=discovery_pb2.DiscoveryResponse.SerializeToString,
    )
    server.add_generic_rpc_handlers(
        (grpc.method_handlers_generic_handler(_SERVICE, {"StreamSecrets": stream_secrets}),)
    )
