"""The driver as a whole: what the machine must have, what is started in which order, and how it ends."""

import fcntl
import os
import shutil
from http import HTTPStatus
from pathlib import Path
from typing import TextIO

from plumbline_csi_proto import csi_pb2, registration_pb2

from plumbline_csi import VERSION, health, loop, server
from plumbline_csi.commands import SEARCH_PATH
from plumbline_csi.config import Config
from plumbline_csi.controller import Controller
from plumbline_csi.errors import StartError
from plumbline_csi.identity import Identity
from plumbline_csi.logs import event
from plumbline_csi.metrics import Metrics, Sample, render
from plumbline_csi.node import Node
from plumbline_csi.registration import Registration
from plumbline_csi.stop import Stop
from plumbline_csi.storage import Storage

TOOLS = ("mkfs.xfs", "xfs_growfs", "mkfs.ext4", "e2fsck", "resize2fs", "mount", "umount")
GRACE_S = 20.0  # less than the 30 s that Kubernetes gives a pod by default


class Driver:
    """A running driver."""

    def __init__(self, config: Config, stop: Stop) -> None:
        """Open the storage, serve, and only then let the kubelet know."""
        check_machine()
        os.umask(0o077)
        self._config = config
        self._stop = stop
        self._exit_code = 0
        self._lock = _lock(config.data_dir)
        metrics = Metrics()
        self._metrics = metrics
        self._storage = storage = Storage(config.data_dir, config.pool_gib, metrics)
        self._registration = Registration(config, self._refused)
        csi = csi_pb2.DESCRIPTOR.services_by_name
        services = [
            (csi["Identity"], Identity(config, storage)),
            (csi["Controller"], Controller(config, storage)),
            (csi["Node"], Node(config, storage)),
        ]
        registration = registration_pb2.DESCRIPTOR.services_by_name["Registration"]
        pages = {"/healthz": self._health, "/readyz": self._readiness, "/metrics": self._metrics_page}
        try:
            self._http = health.serve(config.http_address, pages)
        except OSError as error:
            host, port = config.http_address
            raise StartError(f"{host}:{port} cannot be listened on ({error}): choose another --http-address") from error
        try:
            self._csi = server.serve(config.csi_socket, services, metrics)
            self._reg = server.serve(config.registration_socket, [(registration, self._registration)], metrics)
        except (OSError, RuntimeError) as error:
            raise StartError(f"a socket in the kubelet's folder cannot be opened: {error}") from error
        event(
            "started", driver=config.driver_name, version=VERSION, node=config.node_name, data=config.data_dir,
            socket=config.csi_socket, http_port=self._http.server_port,
        )  # fmt: skip

    def run(self) -> int:
        """Serve until told to end; the calls under way are finished first. Returns the exit code."""
        self._stop.wait()
        event("stopping", grace_seconds=GRACE_S)
        self._reg.stop(1.0).wait()
        self._config.registration_socket.unlink(missing_ok=True)  # the kubelet forgets the driver
        self._csi.stop(GRACE_S).wait()
        self._config.csi_socket.unlink(missing_ok=True)
        self._http.server_close()
        self._storage.pool.close()
        self._lock.close()
        event("stopped", exit_code=self._exit_code)
        return self._exit_code

    def _refused(self, reason: str) -> None:
        event("registration-refused", error=reason, next="the driver ends, to be started anew")
        self._exit_code = 1
        self._stop.wish()

    def _health(self) -> tuple[HTTPStatus, str]:
        if self._storage.pool.is_mounted:
            return HTTPStatus.OK, "ok\n"
        return HTTPStatus.SERVICE_UNAVAILABLE, "the pool is not mounted\n"

    def _readiness(self) -> tuple[HTTPStatus, str]:
        if not self._registration.accepted.is_set():
            return HTTPStatus.SERVICE_UNAVAILABLE, "the kubelet has not registered the driver yet\n"
        return self._health()

    def _metrics_page(self) -> tuple[HTTPStatus, str]:
        registered = float(self._registration.accepted.is_set())
        own = [
            Sample("info", "gauge", "The driver's version.", 1, (("version", VERSION),)),
            Sample("registered", "gauge", "Whether the kubelet has registered the driver.", registered),
        ]
        return HTTPStatus.OK, render([*own, *self._storage.samples(), *self._metrics.samples()])


def check_machine() -> None:
    """Refuse to start where nothing could work, naming what is missing.

    Raises:
        StartError: a right, a tool or a kernel feature is missing.
    """
    if os.geteuid() != 0:
        raise StartError("mounting needs root: run the container privileged and as user 0")
    if missing := [tool for tool in TOOLS if not shutil.which(tool, path=SEARCH_PATH)]:
        raise StartError(f"{', '.join(missing)} not found: install e2fsprogs, xfsprogs and mount (util-linux)")
    if not loop.CONTROL.exists():
        raise StartError(f"{loop.CONTROL} is not there: load the loop module, and run the container privileged")


def _lock(folder: Path) -> TextIO:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = (folder / "lock").open("w")
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise StartError(f"another driver runs on {folder}: stop it, or give this one another --data-dir") from error
    except OSError as error:
        raise StartError(f"{folder} cannot be used: {error}") from error
    return lock
