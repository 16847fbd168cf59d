"""Puts the workloads' service on a gRPC server, with a reader of messages that survives what is no message.

gRPC's own would answer with the parser's words and a traceback in the log, for as many messages as a stranger sends.
"""

from __future__ import annotations

from typing import Any

import grpc
import grpc.aio
from google.protobuf.message import DecodeError

from meshtui.ca.authority import Authority
from meshtui.ca.service import Clock, WorkloadService, status_of
from meshtui.errors import StateError
from meshtui.wire.istio_ca_pb2 import IstioCertificateRequest, IstioCertificateResponse

SERVICE = "istio.v1.auth.IstioCertificateService"
METHOD = "CreateCertificate"


def workload_handler(service: WorkloadService, authority: Authority, clock: Clock) -> grpc.GenericRpcHandler[Any, Any]:
    """The handler of `istio.v1.auth.IstioCertificateService`; messages that cannot be read are recorded refusals."""

    async def create_certificate(
        request: IstioCertificateRequest | None, context: grpc.aio.ServicerContext[Any, Any]
    ) -> IstioCertificateResponse:
        if request is not None:
            return await service.CreateCertificate(request, context)
        try:
            error: Exception = await authority.refuse_unreadable(clock())
        except StateError as failure:
            error = failure
        await context.abort(*status_of(error))
        raise AssertionError("abort does not return")

    method = grpc.unary_unary_rpc_method_handler(
        create_certificate,
        request_deserializer=_read,
        response_serializer=IstioCertificateResponse.SerializeToString,
    )
    return grpc.method_handlers_generic_handler(SERVICE, {METHOD: method})


def _read(message: bytes) -> IstioCertificateRequest | None:
    """None for what is no such message: protobuf's own limits bound its depth, gRPC's its size."""
    try:
        return IstioCertificateRequest.FromString(message)
    except DecodeError:
        return None
