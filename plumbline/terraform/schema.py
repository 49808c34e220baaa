"""What a provider accepts: the arguments and blocks of its resources, as Terraform itself describes them.

Model: https://developer.hashicorp.com/terraform/plugin/terraform-plugin-protocol, "Schema".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

Type = str | tuple[Any, ...]  # as in a provider's schema: "string", ("list", "string"), "dynamic"


class Nesting(IntEnum):
    """How often a block may stand; the numbers are the protocol's."""

    SINGLE = 1
    LIST = 2
    SET = 3


@dataclass(frozen=True)
class Attribute:
    """An argument, or a value that only the provider knows.

    Attributes:
        type: its type.
        required: whether it must be given.
        settable: whether it may be given.
    """

    type: Type
    required: bool = False
    settable: bool = True


@dataclass(frozen=True)
class Nested:
    """A block within a block.

    Attributes:
        block: what stands in it.
        nesting: how it may be repeated.
        required: whether it must stand at least once.
        once: whether it may stand only once.
    """

    block: Block
    nesting: Nesting
    required: bool = False
    once: bool = False


@dataclass(frozen=True)
class Block:
    """The arguments and blocks of a resource, of a data source, of a provider's configuration, or of a block of them."""

    attributes: Mapping[str, Attribute] = field(default_factory=dict)
    blocks: Mapping[str, Nested] = field(default_factory=dict)


@dataclass(frozen=True)
class Schema:
    """What one provider accepts.

    Attributes:
        provider: its name, like "google".
        version: the version that accepts it.
        configuration: its own configuration.
        resources: by type, like "google_compute_network".
        data_sources: by type.
        blocks_are_arguments: whether nested objects are given as arguments (`name = {…}`) and not as blocks (`name {…}`).
    """

    provider: str
    version: str
    configuration: Block
    resources: Mapping[str, Block]
    data_sources: Mapping[str, Block]
    blocks_are_arguments: bool = False
