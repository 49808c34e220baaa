"""Providers' schemas, read from the language bindings that are published of them.

No package registry carries the providers themselves. The bindings of the Cloud Development Kit for Terraform are generated
from a provider's complete schema, argument by argument, and each Python wheel of them holds the JavaScript sources:
``ToHclTerraform`` functions name every argument with its type, the declarations say which ones are required, and getters
of what no argument sets are what the provider computes.

What the bindings do not tell: which optional arguments the provider fills in, and what it checks by code (values, ranges,
arguments that exclude each other).
"""

from __future__ import annotations

import re
import tarfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from plumbline.core import events
from plumbline.core.checksum import sha256_of
from plumbline.core.errors import ConfigError
from plumbline.images import wheels
from plumbline.images.content import Store, key_of
from plumbline.terraform.schema import Attribute, Block, Nested, Nesting, Schema, Type

_LAYOUT = 1  # of the repacked sources in the cache
_PROVIDER = "provider"

_SIMPLE = {"string": "string", "number": "number", "boolean": "bool", "any": "dynamic"}
_GOTTEN: dict[str, Type] = {
    "String": "string",
    "Number": "number",
    "Boolean": "bool",
    "List": ("list", "string"),
    "NumberList": ("list", "number"),
}
_NESTINGS = {"list": Nesting.LIST, "set": Nesting.SET, "struct": Nesting.SINGLE}

_FUNCTION = re.compile(r"^function (\w+)ToHclTerraform\(struct\) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_CLASS = re.compile(r"^class (\w+) extends cdktf\.(\w+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_INTERFACE = re.compile(r"^export interface (\w+)(?: extends [\w.]+)? \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_ARGUMENT = re.compile(
    r'^ +(\w+): \{\n\s+value: (.*),\n\s+isBlock: (true|false),\n\s+type: "(\w+)",\n\s+storageClassType: "(\w+)"',
    re.MULTILINE,
)
_STRUCT = re.compile(r"(\w+)ToHclTerraform\b")
_GETTER = re.compile(r"^    get \w+\(\) \{\n\s+return [^;\n]*this\.get(\w+)Attribute\('(\w+)'\)", re.MULTILINE)
_COMPUTED = re.compile(r"// (\w+) - computed: true, optional: false, required: false\n\s+this\.\w+ = new (\S+)\(")
_REQUIRED = re.compile(r"#(\w+) \w+#\w+\}(?:(?!\*/).)*\*/\s+readonly \w+: ", re.DOTALL)
_VERSION = re.compile(r"providerVersion: '([\d.]+)'")


@dataclass(frozen=True)
class Bindings:
    """The published bindings of one provider.

    Attributes:
        provider: the provider's name.
        pin: the requirements file with the wheel's version and checksum.
        store: where the sources are kept.
        blocks_are_arguments: whether the provider takes nested objects as arguments (`name = {…}`), not as blocks: those that
            are made with Terraform's plugin framework do. The bindings do not tell.
    """

    provider: str
    pin: Path
    store: Store
    blocks_are_arguments: bool = False

    def schema(self, resources: Iterable[str], data_sources: Iterable[str]) -> Schema:
        """Return what the provider accepts in these types; a type that it does not have is left out."""
        with zipfile.ZipFile(self._sources) as archive:
            there = set(archive.namelist())

            def read(folder: str) -> str:
                return archive.read(folder).decode()

            def blocks(folders: dict[str, str]) -> dict[str, Block]:
                named = {name: folder.replace("_", "-") for name, folder in folders.items()}
                return {name: parse(read(folder)) for name, folder in named.items() if folder in there}

            configuration = read(_PROVIDER)
            version = _VERSION.search(configuration)
            if version is None:
                raise ConfigError(
                    f"{wheels.named(self.pin)} does not say of which version of {self.provider} it is made"
                )
            return Schema(
                self.provider,
                version[1],
                parse(configuration),
                blocks({name: name.removeprefix(f"{self.provider}_") for name in resources}),
                blocks({name: f"data_{name}" for name in data_sources}),
                self.blocks_are_arguments,
            )

    @cached_property
    def _sources(self) -> Path:
        """The sources by folder in one archive, made from the wheel once: the wheel's own can only be read as a whole."""
        kept = self.store.path("bindings", f"{self.provider}-{key_of(sha256_of(self.pin), _LAYOUT)[:16]}.zip")
        if not kept.is_file():
            with (
                events.phase("terraform", f"bindings of {self.provider}"),
                self.store.scratch() as scratch,
                self.store.making(kept) as made,
            ):
                _repack(_inner(wheels.fetch(self.pin, scratch), scratch), made)
        return kept


def parse(source: str) -> Block:
    """Return what the sources of one resource, data source or provider say that it accepts."""
    return _Reader(source).block


class _Reader:
    """Reads the sources of one resource."""

    def __init__(self, source: str) -> None:
        functions = {_lower(name): body for name, body in _FUNCTION.findall(source)}
        interfaces = {_lower(name): body for name, body in _INTERFACE.findall(source)}
        classes = {name: (base, body) for name, base, body in _CLASS.findall(source)}
        self._arguments = {name: _ARGUMENT.findall(body) for name, body in functions.items()}
        self._required = {name: set(_REQUIRED.findall(body)) for name, body in interfaces.items()}
        self._classes = {_lower(name.removesuffix("OutputReference")): body for name, (_, body) in classes.items()}
        (self._root,) = (_lower(name) for name, (base, _) in classes.items() if base.startswith("Terraform"))

    @property
    def block(self) -> Block:
        body = self._classes[self._root]
        return self._block(_ARGUMENT.findall(body), self._required[f"{self._root}Config"], body)

    def _block(self, arguments: list[tuple[str, str, str, str, str]], required: set[str], body: str) -> Block:
        attributes: dict[str, Attribute] = {}
        blocks: dict[str, Nested] = {}
        for name, value, is_block, kind, storage in arguments:
            if is_block == "true":
                blocks[name] = self._nested(value, kind, name in required)
            else:
                attributes[name] = Attribute(_type(kind, storage), required=name in required)
        for name, type_ in _computed(body):
            if name not in attributes and name not in blocks:
                attributes[name] = Attribute(type_, settable=False)
        return Block(attributes, blocks)

    def _nested(self, value: str, kind: str, required: bool) -> Nested:
        struct = _STRUCT.findall(value)[0]
        body = self._classes.get(struct, "")
        inner = self._block(self._arguments[struct], self._required[struct], body)
        return Nested(inner, _NESTINGS[kind], required, once="istMapperHcl" not in value)


def _computed(body: str) -> Iterator[tuple[str, Type]]:
    for kind, name in _GETTER.findall(body):
        yield name, _GOTTEN.get(kind, "dynamic")
    for name, made in _COMPUTED.findall(body):
        yield name, ("map", "string") if made == "cdktf.StringMap" else "dynamic"


def _type(kind: str, storage: str) -> Type:
    if kind == "simple":
        return _SIMPLE[storage]
    element = next(type_ for prefix, type_ in _SIMPLE.items() if storage.startswith(prefix))
    return (kind, element)


def _inner(wheel: Path, into: Path) -> Path:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (name for name in archive.namelist() if name.endswith(".jsii.tgz"))
    return wheels.extract(wheel, name, into)


def _repack(archive: Path, made: Path) -> None:
    """Gather the sources and the declarations of each folder in one entry."""
    gathered: dict[str, list[bytes]] = {}
    with tarfile.open(archive) as sources:
        for entry in sources:
            match = re.match(r"package/lib/([\w-]+)/.*\.(js|d\.ts)$", entry.name)
            file = sources.extractfile(entry) if match else None
            if match and file:
                gathered.setdefault(match[1], []).append(file.read())
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as packed:
        for folder, texts in gathered.items():
            packed.writestr(folder, b"\n".join(texts))


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
