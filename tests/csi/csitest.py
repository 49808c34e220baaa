"""What the CSI tests share: a driver process, a client of its socket, the paths of a volume's life, a look for leaks.

Importing this generates the stubs; where that cannot be, it skips the importing module with the reason.
"""

import contextlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from google.protobuf.message_factory import GetMessageClass

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "local/csi"), str(ROOT / ".plumbline/generated")]

import generate_stubs  # noqa: E402 - importable by the line above

try:
    generate_stubs.generate(
        generate_stubs.from_module(generate_stubs.CSI_MODULE, generate_stubs.CSI_FILE),
        generate_stubs.from_module(generate_stubs.REGISTRATION_MODULE, generate_stubs.REGISTRATION_FILE),
        generate_stubs.DEFAULT_OUT,
    )
except generate_stubs.GenerationFailed as reason:
    pytest.skip(f"the CSI messages cannot be generated: {reason}", allow_module_level=True)

from plumbline_csi_proto import csi_pb2 as pb  # noqa: E402 - generated above
from plumbline_csi_proto import registration_pb2  # noqa: E402

MIB = 1 << 20
DRIVER = "loop.csi.plumbline.dev"
TOPOLOGY = f"topology.{DRIVER}/node"
SERVICES = (
    *(pb.DESCRIPTOR.services_by_name[name] for name in ("Identity", "Controller", "Node")),
    registration_pb2.DESCRIPTOR.services_by_name["Registration"],
)
METHODS = {re.sub(r"(?<!^)(?=[A-Z])", "_", m.name).lower(): m for service in SERVICES for m in service.methods}
MEMORY = Path("/dev/shm")
MODES = pb.VolumeCapability.AccessMode


class Client:
    """Every RPC of the APIs as a method: client.create_volume(name=…) answers the response or raises RpcError."""

    def __init__(self, socket: Path) -> None:
        self.channel = grpc.insecure_channel(f"unix:{socket}")

    def __getattr__(self, name: str):
        method = METHODS[name]
        request, response = GetMessageClass(method.input_type), GetMessageClass(method.output_type)
        path = f"/{method.containing_service.full_name}/{method.name}"
        call = self.channel.unary_unary(path, request.SerializeToString, response.FromString)
        return lambda **fields: call(request(**fields), timeout=30)

    def refusal(self, name: str, /, **fields: object) -> tuple[str, str]:
        """The status code and the sentence of a call that must fail."""
        try:
            answer = getattr(self, name)(**fields)
        except grpc.RpcError as error:
            return error.code().name, error.details()
        raise AssertionError(f"{name} was not refused but answered {answer}")


def capability(
    mode: str = "SINGLE_NODE_MULTI_WRITER", fs: str = "", flags: tuple[str, ...] = ()
) -> pb.VolumeCapability:
    return pb.VolumeCapability(
        mount=pb.VolumeCapability.MountVolume(fs_type=fs, mount_flags=flags),
        access_mode=MODES(mode=MODES.Mode.Value(mode)),
    )


def capacity(required_mib: int = 0, limit_mib: int = 0) -> pb.CapacityRange:
    return pb.CapacityRange(required_bytes=required_mib * MIB, limit_bytes=limit_mib * MIB)


def from_snapshot(snapshot_id: str) -> pb.VolumeContentSource:
    return pb.VolumeContentSource(snapshot=pb.VolumeContentSource.SnapshotSource(snapshot_id=snapshot_id))


def from_volume(volume_id: str) -> pb.VolumeContentSource:
    return pb.VolumeContentSource(volume=pb.VolumeContentSource.VolumeSource(volume_id=volume_id))


class Node:
    """One node: a folder with the driver's data and a kubelet's folder, a driver process, and a client of it."""

    def __init__(self, folder: Path, name: str = "node-1", pool_gib: int = 1) -> None:
        self.folder, self.name, self.pool_gib = folder, name, pool_gib
        self.kubelet, self.data = folder / "k", folder / "d"
        self.csi_socket = self.kubelet / "plugins" / DRIVER / "csi.sock"
        self.registration_socket = self.kubelet / "plugins_registry" / f"{DRIVER}-reg.sock"
        self.log = folder / "log"
        self.process: subprocess.Popen | None = None
        self.csi: Client | None = None
        self.http_port = 0
        self.prefix: list[str] = []

    def start(self, *, die_at: str = "") -> None:
        """Start the driver; die_at="EVENT:N" kills it just before it does that for the Nth time."""
        arguments = [
            f"--node-name={self.name}", f"--pool-gib={self.pool_gib}", f"--data-dir={self.data}",
            f"--kubelet-dir={self.kubelet}", "--http-address=127.0.0.1:0",
        ]  # fmt: skip
        code = f"import dying; dying.arm({die_at!r}); from plumbline_csi.__main__ import main; raise SystemExit(main())"
        start = ["-c", code] if die_at else ["-m", "plumbline_csi"]
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                [*self.prefix, sys.executable, *start, *arguments],
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment,
            )
        wait_for(lambda: " started " in self.log.read_text() or self.process.poll() is not None)
        assert self.process.poll() is None, self.log.read_text()
        self.http_port = int(re.search(r"http_port=(\d+)", self.log.read_text())[1])
        self.csi = Client(self.csi_socket)

    def isolate(self) -> None:
        """Give each start of the driver a mount namespace of its own, as its container does in a cluster."""
        for folder, propagation in ((self.kubelet, "shared"), (self.data, "private")):
            folder.mkdir()
            subprocess.run(["mount", "--bind", folder, folder], check=True)
            subprocess.run(["mount", f"--make-{propagation}", folder], check=True)
        self.prefix = ["unshare", "--mount", "--propagation", "unchanged"]

    def kill(self) -> None:
        """SIGKILL, as the kernel's out-of-memory killer would."""
        self.process.kill()
        self.process.wait(10)
        self.csi.channel.close()

    def restart(self) -> None:
        self.kill()
        self.start()

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        code = self.process.wait(30)
        self.csi.channel.close()
        return code

    def get(self, page: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.http_port}{page}", timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def metric(self, name: str) -> float:
        return float(re.search(rf"^plumbline_csi_{re.escape(name)} (\S+)$", self.get("/metrics")[1], re.MULTILINE)[1])

    # The life of a volume, with the paths that a kubelet would choose.

    def create(self, name: str, mib: int = 16, **fields: object) -> str:
        request = {"capacity_range": capacity(mib), "volume_capabilities": [capability()]} | fields
        return self.csi.create_volume(name=name, **request).volume.volume_id

    def stage(self, volume_id: str, **of_capability: object) -> Path:
        path = self.kubelet / "stage" / volume_id
        wanted = capability(**of_capability)
        self.csi.node_stage_volume(volume_id=volume_id, staging_target_path=str(path), volume_capability=wanted)
        return path

    def publish(self, volume_id: str, pod: str = "pod", *, readonly: bool = False, **of_capability: object) -> Path:
        path = self.kubelet / "pods" / pod / volume_id
        self.csi.node_publish_volume(
            volume_id=volume_id, staging_target_path=str(self.kubelet / "stage" / volume_id), target_path=str(path),
            volume_capability=capability(**of_capability), readonly=readonly,
        )  # fmt: skip
        return path

    def use(self, volume_id: str) -> Path:
        """Stage and publish; the path that the workload sees."""
        self.stage(volume_id)
        return self.publish(volume_id)

    def unpublish(self, volume_id: str, pod: str = "pod") -> None:
        self.csi.node_unpublish_volume(volume_id=volume_id, target_path=str(self.kubelet / "pods" / pod / volume_id))

    def unstage(self, volume_id: str) -> None:
        self.csi.node_unstage_volume(volume_id=volume_id, staging_target_path=str(self.kubelet / "stage" / volume_id))

    def release(self, volume_id: str) -> None:
        self.unpublish(volume_id)
        self.unstage(volume_id)

    def snapshot(self, name: str, volume_id: str) -> str:
        return self.csi.create_snapshot(name=name, source_volume_id=volume_id).snapshot.snapshot_id


@contextlib.contextmanager
def fresh_folder() -> Iterator[Path]:
    """A folder with a short path (a socket's is limited), unmounted and removed at the end whatever happened."""
    memory = MEMORY.is_dir() and shutil.disk_usage(MEMORY).free > 4 << 30
    where = MEMORY if memory else None  # no waiting for a disk that builds keep busy
    with tempfile.TemporaryDirectory(prefix="csi-", dir=where, ignore_cleanup_errors=True) as folder:
        try:
            yield Path(folder)
        finally:
            for mount in reversed(mounts_below(Path(folder))):
                subprocess.run(["fsfreeze", "--unfreeze", mount], check=False, capture_output=True)
                subprocess.run(["umount", "--lazy", mount], check=False)


def mounts_below(folder: Path) -> list[str]:
    lines = Path("/proc/self/mountinfo").read_text().splitlines()
    return [path for path in (line.split()[4] for line in lines) if path.startswith(f"{folder}/")]


def loops_below(folder: Path) -> list[str]:
    """The loop devices whose image lies below the folder (also in a pool that is mounted there)."""
    found = []
    for file in Path("/sys/block").glob("loop*/loop/backing_file"):
        with contextlib.suppress(OSError):
            if file.read_text().startswith(f"{folder}/"):
                found.append(file.parent.parent.name)
    return found


def left_below(folder: Path) -> tuple[list[str], list[str]]:
    """The mounts and loop devices of a driver that ended: the kernel lets go of a device once whoever else looked at it has, too."""
    with contextlib.suppress(AssertionError):
        wait_for(lambda: not mounts_below(folder) and not loops_below(folder))
    return mounts_below(folder), loops_below(folder)


def wait_for(condition, within_s: float = 15.0) -> None:
    """Wait until something holds that nothing announces."""
    deadline, pause = time.monotonic() + within_s, threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"not so within {within_s} s"
        pause.wait(0.01)
