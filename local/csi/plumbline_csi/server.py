"""gRPC over a unix socket: services are plain objects; each RPC is measured, logged, its errors become status codes."""

import errno
import re
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
from google.protobuf.descriptor import ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from grpc import StatusCode

from plumbline_csi.commands import CommandFailed
from plumbline_csi.errors import CsiError
from plumbline_csi.logs import event
from plumbline_csi.metrics import Metrics

THREADS = 16
_NAMING_FIELDS = ("volume_id", "snapshot_id", "source_volume_id", "name")
_QUIET = re.compile(r"Probe|GetInfo|GetPluginInfo|.*Capabilities|.*GetCapacity|NodeGetVolumeStats|NodeGetInfo|List.*")

type Rpc = Callable[[Message], Message]


def serve(socket: Path, services: Iterable[tuple[ServiceDescriptor, object]], metrics: Metrics) -> grpc.Server:
    """Serve on a socket that only root can open, replacing one that a killed process has left."""
    socket.parent.mkdir(parents=True, exist_ok=True)
    socket.unlink(missing_ok=True)
    server = grpc.server(ThreadPoolExecutor(THREADS, thread_name_prefix=socket.stem))
    server.add_generic_rpc_handlers([_handlers(descriptor, service, metrics) for descriptor, service in services])
    server.add_insecure_port(f"unix:{socket}")
    server.start()
    return server


def _handlers(descriptor: ServiceDescriptor, service: object, metrics: Metrics) -> grpc.GenericRpcHandler:
    """The RPCs that the service has a method for; gRPC answers UNIMPLEMENTED to the others."""
    handlers = {}
    for method in descriptor.methods:
        rpc: Rpc | None = getattr(service, _snake_case(method.name), None)
        if rpc:
            handlers[method.name] = grpc.unary_unary_rpc_method_handler(
                _measured(method.name, rpc, metrics),
                request_deserializer=GetMessageClass(method.input_type).FromString,
                response_serializer=GetMessageClass(method.output_type).SerializeToString,
            )
    return grpc.method_handlers_generic_handler(descriptor.full_name, handlers)


def _measured(method: str, rpc: Rpc, metrics: Metrics) -> Callable[[Message, grpc.ServicerContext], Message]:
    def answer(request: Message, context: grpc.ServicerContext) -> Message:
        started = time.monotonic()
        code, sentence = StatusCode.UNKNOWN, "a defect: see the trace in the log"  # unless one of the cases below
        try:
            response = rpc(request)
            code, sentence = StatusCode.OK, ""
        except CsiError as refusal:
            code, sentence = refusal.code, str(refusal)
        except (OSError, CommandFailed) as error:
            full = isinstance(error, OSError) and error.errno == errno.ENOSPC
            code, sentence = StatusCode.RESOURCE_EXHAUSTED if full else StatusCode.INTERNAL, str(error)
        finally:
            seconds = time.monotonic() - started
            metrics.operation(method, code.name, seconds)
            if code is not StatusCode.OK or not _QUIET.fullmatch(method):
                error_field = {"error": sentence} if sentence else {}
                event("rpc", method=method, code=code.name, seconds=seconds, **_names(request), **error_field)
        if code is not StatusCode.OK:
            context.abort(code, sentence)
        return response

    return answer


def _names(request: Message) -> dict[str, str]:
    return {field: value for field in _NAMING_FIELDS if (value := getattr(request, field, ""))}


def _snake_case(name: str) -> str:
    return re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower()
