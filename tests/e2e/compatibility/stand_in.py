"""Stands before a service and gives one status in place of another, as a deployment that got it wrong would."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from types import TracebackType
from typing import Any, Self

import grpc
from typing_extensions import override

from tests.patience import patient

STREAM = "/cache_client.pubsub.Pubsub/Subscribe"


class Wrongly(grpc.GenericRpcHandler):
    """Passes each call on to `port` and every answer back, but for one status."""

    def __init__(self, port: int, instead_of: grpc.StatusCode, given: grpc.StatusCode) -> None:
        self._codes = {instead_of: given}
        self._channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self._server = grpc.server(ThreadPoolExecutor(16))
        self._server.add_generic_rpc_handlers((self,))
        self.port = self._server.add_insecure_port("127.0.0.1:0")

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.stop(None).wait()
        self._channel.close()

    @override
    def service(self, handler_call_details: grpc.HandlerCallDetails) -> "grpc.RpcMethodHandler[Any, Any] | None":
        details: Any = handler_call_details
        metadata = [(name, value) for name, value in details.invocation_metadata if name == "authorization"]
        if details.method == STREAM:
            stream: Any = self._channel.unary_stream(details.method, bytes, bytes)
            return grpc.unary_stream_rpc_method_handler(self._streaming(stream, metadata), bytes, bytes)
        unary: Any = self._channel.unary_unary(details.method, bytes, bytes)
        return grpc.unary_unary_rpc_method_handler(self._unary(unary, metadata), bytes, bytes)

    def _unary(self, call: Any, metadata: list[Any]) -> Callable[[bytes, Any], bytes]:
        def answer(request: bytes, context: Any) -> bytes:
            try:
                return bytes(call(request, metadata=metadata, timeout=patient(20)))
            except grpc.RpcError as error:
                return self._refuse(error, context)

        return answer

    def _streaming(self, call: Any, metadata: list[Any]) -> Callable[[bytes, Any], Iterator[bytes]]:
        def answer(request: bytes, context: Any) -> Iterator[bytes]:
            messages = call(request, metadata=metadata, timeout=patient(20))
            context.add_callback(messages.cancel)
            try:
                yield from messages
            except grpc.RpcError as error:
                self._refuse(error, context)

        return answer

    def _refuse(self, failure: grpc.RpcError, context: Any) -> bytes:
        error: Any = failure
        context.set_trailing_metadata([pair for pair in error.trailing_metadata() if pair[0] == "err"])
        return context.abort(self._codes.get(error.code(), error.code()), error.details())
