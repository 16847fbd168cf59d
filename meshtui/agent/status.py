"""What a gRPC status of the CA means to an agent: try again, or not. The only place on this side that reads them."""

from __future__ import annotations

import grpc
import grpc.aio

from meshtui.errors import MeshError, RefusedError, UnreachableError

CHANNEL = [
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.max_reconnect_backoff_ms", 5000),
    ("grpc.enable_http_proxy", 0),  # a bastion's proxy has no business with a loopback CA
]
"""Options of a connection to a CA: it is looked for again soon, for as long as it takes."""

AGAIN = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.INTERNAL,
        grpc.StatusCode.UNAVAILABLE,
    }
)
"""What Istio's agents try again after (pkg/security/retry.go); everything else is an answer."""

_STRANGER = ("CERTIFICATE_VERIFY_FAILED", "Hostname Verification Check failed", "is not in peer certificate")
"""What gRPC says of a server whose certificate does not lead to the root, has ended, or is for another name."""


def as_error(error: grpc.aio.AioRpcError, who: str) -> MeshError:
    """UnreachableError for what may work later, RefusedError for what the CA decided."""
    reason = (error.details() or error.code().name).removesuffix(".")
    subject = who[:1].upper() + who[1:]
    if error.code() is grpc.StatusCode.UNAVAILABLE and any(sign in reason for sign in _STRANGER):
        return UnreachableError(f"{subject} is not who it should be by our root and its name: {reason}.")
    if error.code() in AGAIN:
        return UnreachableError(f"{subject} does not answer: {reason}.")
    fix = "Its ledger says why: meshtui history"
    return RefusedError(f"{subject} refused ({error.code().name}): {reason}.", fix=fix)
