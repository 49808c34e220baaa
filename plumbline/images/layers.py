"""Layers: tar files compressed with zstd, each stored once under the key of what it is made from."""

from __future__ import annotations

import hashlib
import tarfile
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, cast

import zstandard

from plumbline.core import state
from plumbline.images.content import Store

MEDIA_TYPE = "application/vnd.oci.image.layer.v1.tar+zstd"
_LEVEL = 3


@dataclass(frozen=True)
class Layer:
    """One stored layer.

    Attributes:
        key: what it is made from.
        digest: SHA-256 of the compressed file, the layer's name in a registry.
        diff_id: SHA-256 of the tar file, the layer's name in an image's configuration.
        size: bytes, compressed.
        unpacked: bytes, as a tar file.
        components: what is inside, for the software bill of materials.
        file: where the compressed file is.
    """

    key: str
    digest: str
    diff_id: str
    size: int
    unpacked: int
    components: list[dict[str, Any]]
    file: Path


def stored(store: Store, key: str) -> Layer | None:
    """Return the layer of that key, or None where it was not made yet."""
    file = store.path("layers", f"{key}.tar.zst")
    note = state.read_json(store.path("layers", f"{key}.json"))
    return Layer(**note, file=file) if note and file.exists() else None


def make(store: Store, key: str, write: Callable[[tarfile.TarFile], list[dict[str, Any]]]) -> Layer:
    """Return the layer of that key, made now if it is not stored.

    Args:
        store: where layers are kept.
        key: what the layer is made from.
        write: appends the layer's files to a tar file and returns the components that they are.
    """
    if layer := stored(store, key):
        return layer
    file = store.path("layers", f"{key}.tar.zst")
    with store.making(file) as temporary:
        with temporary.open("wb") as out:
            sink = _Sink(out)
            # The stream mode: a layer may be larger than memory, and is written in one go.
            with tarfile.open(fileobj=cast(IO[bytes], sink), mode="w|", format=tarfile.PAX_FORMAT) as tar:
                components = write(tar)
            sink.close()
        layer = Layer(key, sink.digest, sink.diff_id, temporary.stat().st_size, sink.unpacked, components, file)
    note = asdict(layer)
    note.pop("file")
    state.write_json(store.path("layers", f"{key}.json"), note)  # last: its presence says that the layer is whole
    return layer


class _Sink:
    """Compresses what is written to it, and hashes both sides."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out, self._raw, self._packed = out, hashlib.sha256(), hashlib.sha256()
        # One thread: with several, the output depends on their number.
        self._compressor = zstandard.ZstdCompressor(level=_LEVEL).compressobj()
        self.unpacked = 0

    def write(self, data: bytes) -> int:
        self._raw.update(data)
        self.unpacked += len(data)
        self._put(self._compressor.compress(data))
        return len(data)

    def close(self) -> None:
        self._put(self._compressor.flush())

    def _put(self, packed: bytes) -> None:
        self._packed.update(packed)
        self._out.write(packed)

    @property
    def digest(self) -> str:
        return f"sha256:{self._packed.hexdigest()}"

    @property
    def diff_id(self) -> str:
        return f"sha256:{self._raw.hexdigest()}"
