"""The driver's services without its sockets, each operation of a volume's life, and a child that dies during one."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import csitest
import dying
from csitest import MIB, capability, capacity, from_snapshot, from_volume, pb
from plumbline_csi import filesystem, mounts
from plumbline_csi.config import Config
from plumbline_csi.controller import Controller
from plumbline_csi.metrics import Metrics
from plumbline_csi.node import Node
from plumbline_csi.state import snapshot_id, volume_id
from plumbline_csi.storage import Storage

SOURCE, COPY, CUT = volume_id("source"), volume_id("copy"), snapshot_id("cut")
CONTENT = os.urandom(4096)


@dataclass
class World:
    """The services of one start of the driver, on a folder that outlives them."""

    folder: Path

    def __post_init__(self) -> None:
        config = Config("node-1", csitest.DRIVER, 1, self.folder / "d", Path("/none"), Path("/none"), ("", 0))
        self.storage = Storage(config.data_dir, config.pool_gib, Metrics())
        self.controller, self.node = Controller(config, self.storage), Node(config, self.storage)

    @property
    def stage_path(self) -> str:
        return str(self.folder / "stage")

    @property
    def pod_path(self) -> str:
        return str(self.folder / "pod")

    def create(self, name: str = "source", mib: int = 16, source: pb.VolumeContentSource | None = None) -> None:
        self.controller.create_volume(
            pb.CreateVolumeRequest(
                name=name,
                capacity_range=capacity(mib),
                volume_capabilities=[capability()],
                volume_content_source=source,
            )
        )

    def restore(self) -> None:
        self.create("copy", 24, from_snapshot(CUT))

    def clone(self) -> None:
        self.create("copy", 16, from_volume(SOURCE))

    def delete(self) -> None:
        self.controller.delete_volume(pb.DeleteVolumeRequest(volume_id=SOURCE))

    def snapshot(self) -> None:
        self.controller.create_snapshot(pb.CreateSnapshotRequest(name="cut", source_volume_id=SOURCE))

    def delete_snapshot(self) -> None:
        self.controller.delete_snapshot(pb.DeleteSnapshotRequest(snapshot_id=CUT))

    def expand(self) -> None:
        request = pb.ControllerExpandVolumeRequest(volume_id=SOURCE, capacity_range=capacity(24))
        self.controller.controller_expand_volume(request)

    def stage(self, key: str = SOURCE) -> None:
        self.node.node_stage_volume(
            pb.NodeStageVolumeRequest(
                volume_id=key, staging_target_path=self.stage_path, volume_capability=capability()
            )
        )

    def publish(self) -> None:
        self.node.node_publish_volume(
            pb.NodePublishVolumeRequest(
                volume_id=SOURCE, staging_target_path=self.stage_path, target_path=self.pod_path,
                volume_capability=capability(), readonly=True,
            )
        )  # fmt: skip

    def unpublish(self) -> None:
        self.node.node_unpublish_volume(pb.NodeUnpublishVolumeRequest(volume_id=SOURCE, target_path=self.pod_path))

    def unstage(self, key: str = SOURCE) -> None:
        self.node.node_unstage_volume(pb.NodeUnstageVolumeRequest(volume_id=key, staging_target_path=self.stage_path))

    def write(self) -> None:
        Path(self.stage_path, "file").write_bytes(CONTENT)

    def wipe(self) -> None:
        """Undo everything, by the calls that a cluster would make."""
        self.unpublish()
        self.unstage()
        for key in (SOURCE, COPY):
            self.controller.delete_volume(pb.DeleteVolumeRequest(volume_id=key))
        self.delete_snapshot()

    def check(self) -> None:
        """What must hold after any crash."""
        for store in (self.storage.volumes, self.storage.snapshots):
            whole = {record.id for record in store.all()}
            assert {home.name for home in store._folder.iterdir()} == whole
        for volume in self.storage.volumes.all():
            device = self.storage.device(volume)
            assert bool(device) == bool(mounts.of(device)), "attached but not mounted"
            assert not device or not filesystem.thaw(mounts.of(device)[0].path), "still frozen"
            assert self.storage.volumes.image(volume.id).stat().st_size in (volume.size_bytes, 16 * MIB)
        assert self.storage.pool.room().committed_bytes == self.storage.committed_bytes()


def created(world: World) -> None:
    world.create()


def written(world: World) -> None:
    world.create()
    world.stage()
    world.write()


def published(world: World) -> None:
    written(world)
    world.publish()


def cut(world: World) -> None:
    written(world)
    world.snapshot()


def expanded(world: World) -> None:
    written(world)
    world.unstage()
    world.expand()


OPERATIONS: dict[str, tuple[Callable[[World], None], Callable[[World], None]]] = {
    "create": (lambda world: None, World.create),
    "delete": (created, World.delete),
    "expand": (created, World.expand),
    "stage": (created, World.stage),
    "stage-and-grow": (expanded, World.stage),
    "publish": (written, World.publish),
    "unpublish": (published, World.unpublish),
    "unstage": (written, World.unstage),
    "snapshot": (written, World.snapshot),
    "clone": (written, World.clone),
    "restore": (cut, World.restore),
    "delete-snapshot": (cut, World.delete_snapshot),
}


def die_during(folder: Path, name: str, step: int) -> None:
    """In a child process: do the operation until its Nth side effect."""
    world = World(folder)
    dying.arm(f":{step}")
    OPERATIONS[name][1](world)
