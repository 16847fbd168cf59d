"""What a call may cost before anybody looks at it: the size of its headers, and the wait for its message.

gRPC waits for the message of a unary call for as long as the connection lives, and the call counts as one of those
that run: a few hundred headers, of which no credential was asked, would turn everybody else away. Its bound for the
size of headers holds only for peers that acknowledge its settings. On the wire nothing is different: a call with one
message is a stream of one.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

if TYPE_CHECKING:
    Handler = grpc.GenericRpcHandler[Any, Any]
else:  # has no parameters when it runs
    Handler = grpc.GenericRpcHandler

MAX_HEADERS = 16 * 1024
"""Bytes of names and values; a token has 8 KiB at most (`bearer.MAX_TOKEN`)."""
PATIENCE = 10.0
"""Seconds for the whole message."""


class BoundedCalls(Handler):
    """Serves the unary methods of another handler, within bounds."""

    def __init__(self, inner: Handler, patience: float = PATIENCE) -> None:
        """`patience` in seconds."""
        self._inner = inner
        self._patience = patience
        self._served: dict[str, grpc.RpcMethodHandler[Any, Any]] = {}

    def service(self, handler_call_details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler[Any, Any] | None:
        """The handler of a call; None for a method that the other one does not have."""
        method = handler_call_details.method
        if method not in self._served:
            found = self._inner.service(handler_call_details)
            if found is None:
                return None
            self._served[method] = self._bounded(found)
        return self._served[method]

    def _bounded(self, handler: grpc.RpcMethodHandler[Any, Any]) -> grpc.RpcMethodHandler[Any, Any]:
        answer = handler.unary_unary
        assert answer is not None, "only unary methods are served here"

        async def read_and_answer(_messages: Any, context: Any) -> Any:
            if sum(len(name) + len(value) for name, value in context.invocation_metadata()) > MAX_HEADERS:
                await context.abort(grpc.StatusCode.RESOURCE_EXHAUSTED, f"the headers exceed {MAX_HEADERS} bytes")
            # the reading is not cancelled, because gRPC writes into it until the call has ended: the call is ended
            late = asyncio.get_running_loop().call_later(self._patience, _give_up, context)
            try:
                message = await context.read()
            finally:
                late.cancel()
            if message is grpc.aio.EOF:  # type: ignore[attr-defined] # its stubs do not know of it
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "the call has no message")
            return await answer(message, context)

        return grpc.stream_unary_rpc_method_handler(
            read_and_answer,
            request_deserializer=handler.request_deserializer,
            response_serializer=handler.response_serializer,
        )


_ending: set[asyncio.Task[None]] = set()
"""A loop alone would let them go before they are done."""


def _give_up(context: Any) -> None:
    ending = asyncio.get_running_loop().create_task(_end(context))
    _ending.add(ending)
    ending.add_done_callback(_ending.discard)


async def _end(context: Any) -> None:
    with contextlib.suppress(grpc.aio.BaseError):  # ends the reading as well, unless the caller just hung up
        await context.abort(grpc.StatusCode.DEADLINE_EXCEEDED, "the message of the call did not come")
