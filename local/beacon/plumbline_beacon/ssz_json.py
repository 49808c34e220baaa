"""SSZ values as the Beacon API's JSON, both ways.

Source: Beacon API, "types": integers are decimal strings, bytes and bit fields are 0x-hex, containers are objects.
"""

from __future__ import annotations

from typing import Any

from ssz.bitfields import BitList, BitVector
from ssz.boolean import Boolean
from ssz.byte_arrays import ByteList, ByteVector
from ssz.collections import List, Vector
from ssz.container import Container
from ssz.uint import BaseUint

from plumbline_beacon import network
from plumbline_beacon.encoding import from_hex, to_hex


def to_json(value: Any) -> Any:
    """Return an SSZ value as JSON data."""
    if isinstance(value, Boolean):
        return bool(value)
    if isinstance(value, BaseUint):
        return str(int(value))
    if isinstance(value, BitList | BitVector):
        return to_hex(value.encode_bytes())
    if isinstance(value, List | Vector):
        return [to_json(element) for element in value]
    if isinstance(value, ByteList):
        return to_hex(value.data)
    if isinstance(value, bytes):
        return to_hex(value)
    if isinstance(value, Container):
        return {name: to_json(getattr(value, name)) for name in type(value).model_fields}
    raise TypeError(f"{type(value).__name__} is no SSZ type of the Beacon API")


def from_json(ssz_type: Any, data: Any) -> Any:
    """Return JSON data as a value of an SSZ type."""
    if issubclass(ssz_type, Boolean):
        return ssz_type(data)
    if issubclass(ssz_type, BaseUint):
        return ssz_type(int(data))
    if issubclass(ssz_type, BitList | BitVector):
        return ssz_type.decode_bytes(from_hex(data))
    if issubclass(ssz_type, ByteList):
        return ssz_type(data=from_hex(data))
    if issubclass(ssz_type, ByteVector):
        return ssz_type(from_hex(data))
    if issubclass(ssz_type, List | Vector):
        return ssz_type(data=[from_json(ssz_type.ELEMENT_TYPE, element) for element in data])
    if issubclass(ssz_type, Container):
        return ssz_type(
            **{name: from_json(field.annotation, data[name]) for name, field in ssz_type.model_fields.items()}
        )
    raise TypeError(f"{ssz_type.__name__} is no SSZ type of the Beacon API")


def versioned(value: Any) -> dict[str, Any]:
    """Return an SSZ value with its fork, as the Beacon API wraps what differs between forks."""
    return {"version": network.FORK_NAME, "data": to_json(value)}
