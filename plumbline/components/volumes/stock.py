"""What there is of volumes and snapshots, told by both sides: the API server's objects, and what lies in the drivers' pools."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Stock:
    """How many of each there are.

    Attributes:
        volumes: PersistentVolumes of the driver.
        contents: VolumeSnapshotContents of the driver.
        volume_images: images of volumes in the pools.
        snapshot_images: images of snapshots in the pools.
    """

    volumes: int
    contents: int
    volume_images: int
    snapshot_images: int

    @property
    def agree(self) -> bool:
        """Whether both sides know the same: nothing is leaked, nothing lost."""
        return (self.volumes, self.contents) == (self.volume_images, self.snapshot_images)

    def __str__(self) -> str:
        """Tell it in words."""
        known = f"{self.volumes} volumes and {self.contents} snapshots are known"
        return f"{known}, {self.volume_images} and {self.snapshot_images} lie in the drivers' pools"
