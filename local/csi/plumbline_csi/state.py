"""Records: a folder per volume or snapshot with its image and a JSON record, which is written last and removed first.

So a folder without a record is an unfinished or half-deleted object, whatever moment the driver died at, and a record
always has its whole image. Ids are derived from names by hashing and matched against one pattern, so no id is a path.
"""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self

from plumbline_csi import files
from plumbline_csi.filesystem import FsType

_ID = re.compile(r"[vs]-[0-9a-f]{24}")


def volume_id(name: str) -> str:
    """The id of the volume of this name: the same name gives the same id, on every try and on every node."""
    return f"v-{_digest(name)}"


def snapshot_id(name: str) -> str:
    """The id of the snapshot of this name."""
    return f"s-{_digest(name)}"


def is_id(text: str) -> bool:
    """Whether this is an id of ours; anything else names nothing, and no path."""
    return _ID.fullmatch(text) is not None


def _digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()[:24]


class Record(Protocol):
    """What a store keeps."""

    @property
    def id(self) -> str:
        """The object's id."""

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Read it back."""

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""


@dataclass(frozen=True)
class Staging:
    """Where a volume is mounted, once per node, and how."""

    path: str
    flags: tuple[str, ...]


@dataclass(frozen=True)
class Publication:
    """One path at which a workload sees a volume, and how."""

    path: str
    read_only: bool
    access_mode: str


@dataclass(frozen=True)
class Volume:
    """A volume: what was asked for, where it came from, and where it was last told to be mounted."""

    id: str
    name: str
    size_bytes: int
    fs: FsType
    created_ns: int
    claim: str = ""  # namespace/name of the PVC, for people
    source_id: str = ""  # the snapshot or volume that it was copied from
    needs_growth: bool = False  # the file system is smaller than the volume
    staging: Staging | None = None
    publications: tuple[Publication, ...] = field(default=())

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Read it back."""
        staging = content["staging"]
        return cls(
            **content
            | {
                "fs": FsType(content["fs"]),
                "staging": Staging(staging["path"], tuple(staging["flags"])) if staging else None,
                "publications": tuple(Publication(**p) for p in content["publications"]),
            }
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return asdict(self)

    def publication(self, path: str) -> Publication | None:
        """How it was last published at this path."""
        return next((p for p in self.publications if p.path == path), None)

    def published(self, publication: Publication) -> Self:
        """The same volume, with this publication in place of an earlier one at its path."""
        others = self.unpublished(publication.path)
        return replace(others, publications=(*others.publications, publication))

    def unpublished(self, path: str) -> Self:
        """The same volume, without a publication at this path."""
        return replace(self, publications=tuple(p for p in self.publications if p.path != path))


@dataclass(frozen=True)
class Snapshot:
    """A point-in-time copy of a volume."""

    id: str
    name: str
    volume_id: str
    size_bytes: int  # of the volume: the smallest size to restore to
    allocated_bytes: int  # of the image: what it can come to take for itself once the volume has been overwritten
    fs: FsType
    created_ns: int
    needs_growth: bool = False

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> Self:
        """Read it back."""
        return cls(**content | {"fs": FsType(content["fs"])})

    def to_json(self) -> dict[str, Any]:
        """Plain JSON types only."""
        return asdict(self)


class Store[T: Record]:
    """The objects of one kind, each in a folder of its own below `folder`."""

    def __init__(self, folder: Path, kind: type[T]) -> None:
        """Use the folder, making it when it is not there."""
        self._folder = folder
        self._kind = kind
        folder.mkdir(parents=True, exist_ok=True)

    def image(self, key: str) -> Path:
        """The object's image file."""
        return self._home(key) / "disk.img"

    def get(self, key: str) -> T | None:
        """The object, or None when there is none (also when the id is not one of ours)."""
        if not is_id(key):
            return None
        try:
            content = json.loads((self._home(key) / "record.json").read_text())
        except FileNotFoundError:
            return None
        return self._kind.from_json(content)

    def all(self) -> Iterator[T]:
        """Every object, ordered by id."""
        for home in sorted(self._folder.iterdir()):
            if record := self.get(home.name):
                yield record

    def begin(self, key: str) -> Path:
        """An empty folder's image path for a new object; it counts from the moment its record is put."""
        self._clear(key)
        self._home(key).mkdir()
        files.sync(self._folder)
        return self.image(key)

    def put(self, record: T) -> None:
        """Write the object's record, atomically and to the disk."""
        files.write_json(self._home(record.id) / "record.json", record.to_json())

    def remove(self, key: str) -> None:
        """Remove the object: first its record, then its data, so that a crash leaves rubbish and never a lie."""
        if not self.get(key):
            return
        (self._home(key) / "record.json").unlink()
        files.sync(self._home(key))
        self._clear(key)

    def sweep(self) -> list[str]:
        """Remove what has no record: unfinished or half-deleted when the driver died."""
        left_over = [home.name for home in self._folder.iterdir() if not self.get(home.name)]
        for key in left_over:
            self._clear(key)
        return left_over

    def _home(self, key: str) -> Path:
        return self._folder / key

    def _clear(self, key: str) -> None:
        shutil.rmtree(self._home(key), ignore_errors=True)
