"""OCI images and archives (https://github.com/opencontainers/image-spec), written without an engine."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import IO, Any

from plumbline.images.layers import MEDIA_TYPE, Layer
from plumbline.images.tree import EPOCH

CREATED = "2026-01-01T00:00:00Z"
_CONFIG = "application/vnd.oci.image.config.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Image:
    """One image: its name, its layers, and the two documents that tie them together.

    Attributes:
        ref: full name and tag.
        config: the image's configuration, as stored.
        manifest: the image's manifest, as stored.
        layers: its layers, lowest first.
    """

    ref: str
    config: bytes
    manifest: bytes
    layers: tuple[Layer, ...]

    @property
    def digest(self) -> str:
        """The image's digest: that of its manifest."""
        return digest_of(self.manifest)

    @property
    def size(self) -> int:
        """Bytes of all its layers, compressed."""
        return sum(layer.size for layer in self.layers)


def image(
    ref: str, layers: Iterable[Layer], settings: Mapping[str, Any], labels: Mapping[str, str], architecture: str
) -> Image:
    """Put an image together.

    Args:
        ref: full name and tag.
        layers: lowest first.
        settings: its run-time settings as OCI names them (Entrypoint, User, Env, WorkingDir).
        labels: its labels.
        architecture: as Go names it.
    """
    layers = tuple(layers)
    chosen = {key: value for key, value in settings.items() if value}
    chosen["Env"] = [_PATH, *settings.get("Env", ())]
    chosen["Labels"] = dict(sorted(labels.items()))
    config = _document(
        {
            "architecture": architecture,
            "config": chosen,
            "created": CREATED,
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [layer.diff_id for layer in layers]},
        }
    )
    manifest = _document(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": {"mediaType": _CONFIG, "digest": digest_of(config), "size": len(config)},
            "layers": [{"mediaType": MEDIA_TYPE, "digest": layer.digest, "size": layer.size} for layer in layers],
        }
    )
    return Image(ref, config, manifest, layers)


def write_archive(out: IO[bytes], images: Iterable[Image], present: Collection[str] = ()) -> int:
    """Write an OCI archive of the images to a stream, and return how many bytes of layers it holds.

    Args:
        out: where to.
        images: what it holds; layers that they share are written once.
        present: digests of layers that the reader has already: they are left out.
    """
    written: set[str] = set(present)
    packed = 0
    index = []
    with tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT) as tar:
        _put(tar, "oci-layout", b'{"imageLayoutVersion":"1.0.0"}')
        for item in images:
            for document in (item.config, item.manifest):
                if (digest := digest_of(document)) not in written:
                    _put(tar, _blob(digest), document)
                    written.add(digest)
            for layer in item.layers:
                if layer.digest not in written:
                    _put_layer(tar, layer)
                    written.add(layer.digest)
                    packed += layer.size
            index.append(
                {
                    "mediaType": MANIFEST,
                    "digest": item.digest,
                    "size": len(item.manifest),
                    "annotations": {
                        "io.containerd.image.name": item.ref,
                        "org.opencontainers.image.ref.name": item.ref.rpartition(":")[2],
                    },
                }
            )
        _put(tar, "index.json", _document({"schemaVersion": 2, "mediaType": INDEX, "manifests": index}))
    return packed


def digest_of(document: bytes) -> str:
    """Return the digest of a document."""
    return f"sha256:{hashlib.sha256(document).hexdigest()}"


def _document(value: Any) -> bytes:
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def _blob(digest: str) -> str:
    return f"blobs/{digest.replace(':', '/')}"


def _put(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size, info.mtime = len(content), EPOCH
    tar.addfile(info, io.BytesIO(content))


def _put_layer(tar: tarfile.TarFile, layer: Layer) -> None:
    info = tarfile.TarInfo(_blob(layer.digest))
    info.size, info.mtime = layer.size, EPOCH
    with layer.file.open("rb") as content:
        tar.addfile(info, content)
