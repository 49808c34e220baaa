"""A stand-in for a provider: it knows the real one's schema, and nothing of its cloud.

Terraform asks a provider what it accepts and what a change would come to. Both can be answered from the schema, so that
formatting, types, references, conditions, counts and loops are judged by Terraform itself, without the provider and without
an account. Whatever is not given is planned as unknown, since the bindings do not tell what the provider fills in. Applying is
refused.

Protocol: https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol, version 6. Terraform is told of a
running provider by TF_REATTACH_PROVIDERS, as it is in the providers' own acceptance tests.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc
import msgpack
from google.protobuf.message_factory import GetMessageClass

from plumbline.terraform.schema import Attribute, Block, Nesting, Schema

_PROTOCOL = 6
_SERVICE = f"tfplugin{_PROTOCOL}.Provider"
_UNKNOWN = msgpack.ExtType(0, b"\0")  # https://developer.hashicorp.com/terraform/plugin/.../object-wire-format
_PLACEHOLDERS: dict[str, Any] = {"string": "known-after-apply", "number": 0, "bool": False}


@contextmanager
def serving(schemas: Sequence[Schema], messages: ModuleType, folder: Path) -> Iterator[dict[str, str]]:
    """Serve a stand-in for each schema, and yield the environment that makes Terraform use them.

    Args:
        schemas: what the providers accept.
        messages: the protocol's messages.
        folder: where the sockets are made; its path must be short.
    """
    with ExitStack() as stack:
        attached = {}
        for schema in schemas:
            socket = folder / f"{schema.provider}.sock"
            server = grpc.server(stack.enter_context(ThreadPoolExecutor(max_workers=4)))
            server.add_generic_rpc_handlers([_handlers(StandIn(schema, messages), messages)])
            server.add_insecure_port(f"unix:{socket}")
            server.start()
            stack.callback(_stop, server)
            attached[f"hashicorp/{schema.provider}"] = {
                "Protocol": "grpc",
                "ProtocolVersion": _PROTOCOL,
                "Pid": os.getpid(),
                "Test": True,  # its life is ours to end
                "Addr": {"Network": "unix", "String": str(socket)},
            }
        yield {"TF_REATTACH_PROVIDERS": json.dumps(attached)}


def _stop(server: grpc.Server) -> None:
    server.stop(grace=None).wait()


class StandIn:
    """Answers for one provider; each method is a call of the protocol of the same name."""

    def __init__(self, schema: Schema, messages: ModuleType) -> None:
        """Answer from ``schema`` in ``messages``."""
        self._schema, self._messages = schema, messages

    def GetProviderSchema(self, _request: Any) -> Any:  # noqa: N802
        """Tell everything that the provider accepts."""
        return self._everything

    @cached_property
    def _everything(self) -> Any:
        schema = self._schema
        return self._messages.GetProviderSchema.Response(
            provider=self._schema_of(schema.configuration),
            resource_schemas={name: self._schema_of(block) for name, block in schema.resources.items()},
            data_source_schemas={name: self._schema_of(block) for name, block in schema.data_sources.items()},
        )

    def UpgradeResourceState(self, request: Any) -> Any:  # noqa: N802
        """Return a state as it is: there is one version of everything."""
        state = json.loads(request.raw_state.json)
        return self._messages.UpgradeResourceState.Response(upgraded_state=self._value(state))

    def PlanResourceChange(self, request: Any) -> Any:  # noqa: N802
        """Plan what is asked for, with what the provider fills in as unknown."""
        proposed = _read(request.proposed_new_state)
        block = self._schema.resources[request.type_name]
        planned = filled(proposed, block, lambda _attribute: _UNKNOWN)
        return self._messages.PlanResourceChange.Response(planned_state=self._value(planned))

    def ReadDataSource(self, request: Any) -> Any:  # noqa: N802
        """Return a data source with placeholders, since its values have to be known."""
        block = self._schema.data_sources[request.type_name]
        found = filled(_read(request.config), block, placeholder)
        return self._messages.ReadDataSource.Response(state=self._value(found))

    def ApplyResourceChange(self, request: Any) -> Any:  # noqa: N802
        """Refuse: nothing is made here."""
        refusal = self._messages.Diagnostic(severity=1, summary=f"{request.type_name}: a stand-in only plans")
        return self._messages.ApplyResourceChange.Response(diagnostics=[refusal])

    def _value(self, value: Any) -> Any:
        return self._messages.DynamicValue(msgpack=msgpack.packb(value))

    def _schema_of(self, block: Block) -> Any:
        return self._messages.Schema(block=self._block(block))

    def _block(self, block: Block) -> Any:
        schema = self._messages.Schema
        attributes = [self._attribute(name, each) for name, each in block.attributes.items()]
        if self._schema.blocks_are_arguments:
            for name, nested in block.blocks.items():
                inner = [self._attribute(key, each) for key, each in nested.block.attributes.items()]
                nesting = Nesting.SINGLE if nested.once else nested.nesting
                attributes.append(
                    schema.Attribute(
                        name=name,
                        nested_type=schema.Object(attributes=inner, nesting=nesting),
                        required=nested.required,
                        optional=not nested.required,
                    )
                )
            return schema.Block(attributes=attributes)
        nested_blocks = [
            schema.NestedBlock(
                type_name=name,
                block=self._block(nested.block),
                nesting=nested.nesting,
                min_items=int(nested.required),
                max_items=int(nested.required if nested.nesting is Nesting.SINGLE else nested.once),
            )
            for name, nested in block.blocks.items()
        ]
        return schema.Block(attributes=attributes, block_types=nested_blocks)

    def _attribute(self, name: str, attribute: Attribute) -> Any:
        return self._messages.Schema.Attribute(
            name=name,
            type=json.dumps(attribute.type).encode(),
            required=attribute.required,
            optional=attribute.settable and not attribute.required,
            computed=not attribute.required,
        )


def _handlers(stand_in: StandIn, messages: ModuleType) -> grpc.GenericRpcHandler:
    """Return what answers the calls of the protocol; those that the stand-in does not know get an empty answer."""
    service = messages.DESCRIPTOR.services_by_name["Provider"]
    handlers: dict[str, Any] = {
        method.name: grpc.unary_unary_rpc_method_handler(
            _answer(stand_in, method),
            request_deserializer=GetMessageClass(method.input_type).FromString,
            response_serializer=lambda response: response.SerializeToString(),
        )
        for method in service.methods
        if not (method.client_streaming or method.server_streaming)
    }
    return grpc.method_handlers_generic_handler(_SERVICE, handlers)


def _answer(stand_in: StandIn, method: Any) -> Callable[[Any, Any], Any]:
    known = getattr(stand_in, method.name, None)
    nothing = GetMessageClass(method.output_type)
    return lambda request, _context: known(request) if known else nothing()


def _read(value: Any) -> Any:
    return msgpack.unpackb(value.msgpack, ext_hook=msgpack.ExtType, strict_map_key=False)


def filled(value: Any, block: Block, fill: Callable[[Attribute], Any]) -> Any:
    """Return the values of a block, with ``fill`` for what nobody gave."""
    if not isinstance(value, dict):
        return [filled(each, block, fill) for each in value] if isinstance(value, list) else value  # absent, or unknown
    inner = {name: filled(value[name], nested.block, fill) for name, nested in block.blocks.items() if name in value}
    computed = {
        name: fill(attribute)
        for name, attribute in block.attributes.items()
        if not attribute.required and value.get(name) is None
    }
    return {**value, **inner, **computed}


def placeholder(attribute: Attribute) -> Any:
    """Return a value of an attribute's type that stands for the one that only the provider knows."""
    kind = attribute.type if isinstance(attribute.type, str) else attribute.type[0]
    return _PLACEHOLDERS.get(kind, {} if kind == "map" else [])
