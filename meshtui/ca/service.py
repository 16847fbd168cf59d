"""The CA on the wire: gRPC messages in, gRPC messages or a status out. The only place that derives gRPC statuses.

Callers are told what Istio's CA would tell them (security/pkg/server/ca/server.go) and nothing more.
"""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable
from datetime import datetime
from typing import Any, NoReturn

import grpc
import grpc.aio

from meshtui.ca.authority import Authority
from meshtui.ca.refusal import Reason, RefusalError
from meshtui.ca.requests import OPTIONS, ServerRequest, WorkloadRequest
from meshtui.errors import StateError
from meshtui.wire import gateway_authority_pb2 as gateway_pb
from meshtui.wire import istio_ca_pb2 as istio_pb

Clock = Callable[[], datetime]

STATUS = {
    Reason.NO_CREDENTIAL: grpc.StatusCode.UNAUTHENTICATED,
    Reason.BAD_CREDENTIAL: grpc.StatusCode.UNAUTHENTICATED,
    Reason.EXPIRED_CREDENTIAL: grpc.StatusCode.UNAUTHENTICATED,
    Reason.UNKNOWN_ACCOUNT: grpc.StatusCode.UNAUTHENTICATED,
    Reason.RENEWED_TOO_LONG: grpc.StatusCode.UNAUTHENTICATED,
    Reason.CANNOT_VERIFY: grpc.StatusCode.UNAVAILABLE,
    Reason.IMPERSONATION: grpc.StatusCode.UNAUTHENTICATED,
    Reason.UNKNOWN_SIGNER: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.BAD_REQUEST: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.BAD_CSR: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.BAD_LIFETIME: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.BAD_HOST: grpc.StatusCode.INVALID_ARGUMENT,
    Reason.FORBIDDEN_KEY: grpc.StatusCode.PERMISSION_DENIED,
    Reason.SIGNER_EXPIRED: grpc.StatusCode.INTERNAL,
    Reason.SIGNED_WRONG: grpc.StatusCode.INTERNAL,
}


def status_of(error: Exception, *, owner: bool = False) -> tuple[grpc.StatusCode, str]:
    """The status of a failed call, and the text that its caller may read; the owner may read where the fault is."""
    if isinstance(error, RefusalError):
        return STATUS[error.reason], error.detail if owner else error.message
    if isinstance(error, StateError):
        # Istio's agents try again after UNAVAILABLE, and keep what they have meanwhile
        return grpc.StatusCode.UNAVAILABLE, str(error) if owner else "the CA cannot record its decisions"
    return grpc.StatusCode.INTERNAL, "the CA cannot sign"


class WorkloadService:
    """`istio.v1.auth.IstioCertificateService`."""

    def __init__(self, authority: Authority, clock: Clock, *, asks_certificates: bool = False) -> None:
        """`asks_certificates`: whether the listener takes certificates of clients."""
        self._authority = authority
        self._clock = clock
        self._asks_certificates = asks_certificates

    async def CreateCertificate(  # noqa: N802 - named by the contract
        self,
        request: istio_pb.IstioCertificateRequest,
        context: grpc.aio.ServicerContext[istio_pb.IstioCertificateRequest, istio_pb.IstioCertificateResponse],
    ) -> istio_pb.IstioCertificateResponse:
        """Sign for the workload that the call's bearer token names."""
        try:
            asked = WorkloadRequest(
                csr=request.csr,
                validity_seconds=request.validity_duration,
                headers=tuple(context.invocation_metadata() or ()),
                options=_options(request),
                certificate=_certificate(context) if self._asks_certificates else "",
            )
            chain = await self._authority.create_certificate(asked, self._clock())
        except Exception as error:  # noqa: BLE001 - whatever a stranger sends must not end in gRPC's own words
            await _abort(context, error)
        return istio_pb.IstioCertificateResponse(cert_chain=chain)


class GatewayService:
    """`meshtui.ca.v1.GatewayAuthority`, for those who can open its socket."""

    def __init__(self, authority: Authority, clock: Clock) -> None:
        self._authority = authority
        self._clock = clock

    async def SignServerCertificate(  # noqa: N802 - named by the contract
        self,
        request: gateway_pb.SignServerCertificateRequest,
        context: grpc.aio.ServicerContext[
            gateway_pb.SignServerCertificateRequest, gateway_pb.SignServerCertificateResponse
        ],
    ) -> gateway_pb.SignServerCertificateResponse:
        """Sign a gateway's server certificate."""
        try:
            asked = ServerRequest(
                authority=request.authority,
                csr=request.csr,
                hosts=tuple(request.hosts),
                validity_seconds=request.validity_duration_seconds,
                target=request.target,
                actor=request.actor,
            )
            chain = await self._authority.sign_server_certificate(asked, self._clock())
        except Exception as error:  # noqa: BLE001 - as above
            await _abort(context, error, owner=True)
        return gateway_pb.SignServerCertificateResponse(cert_chain=chain)


def _certificate(context: grpc.aio.ServicerContext[Any, Any]) -> str:
    """The client's certificate and what it sent with it, PEM; empty when it has none."""
    found = context.auth_context()
    # gRPC's chain is what came behind the certificate
    presented = (*found.get("x509_pem_cert", ()), *found.get("x509_pem_cert_chain", ()))
    return b"".join(presented).decode("ascii", "replace")


def _options(request: istio_pb.IstioCertificateRequest) -> dict[str, str | None]:
    """The keys of the metadata that mean something here."""
    if not request.HasField("metadata"):
        return {}
    return {name: _option(request, name) for name in OPTIONS}


def _option(request: istio_pb.IstioCertificateRequest, name: str) -> str | None:
    """One key of the metadata: its text, empty when it is not there or null, None when it is something else."""
    if name not in request.metadata.fields:
        return ""
    value = request.metadata.fields[name]
    match value.WhichOneof("kind"):
        case "string_value":
            return str(value.string_value)
        case "null_value":
            return ""
    return None


async def _abort(context: grpc.aio.ServicerContext[Any, Any], error: Exception, *, owner: bool = False) -> NoReturn:
    status, text = status_of(error, owner=owner)
    if not isinstance(error, RefusalError):
        # for the log of whoever runs the CA; refusals are in the ledger
        report = str(error) if isinstance(error, StateError) else "".join(traceback.format_exception(error))
        sys.stderr.write(report.rstrip() + "\n")
    await context.abort(status, text)
    raise AssertionError("abort does not return")
