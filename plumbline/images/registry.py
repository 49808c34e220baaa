"""A real registry on this machine while a block runs: CNCF Distribution (https://distribution.github.io/distribution/)."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plumbline.core import shell, wait
from plumbline.core.paths import Paths
from plumbline.images import tools
from plumbline.images.credentials import Login

LOOPBACK = "127.0.0.1"
# Nothing is kept from anybody by it: it stands in for a mirror that lets nobody in unknown.
LOGIN = Login("plumbline", "of-a-test")
_HTPASSWD = f"{LOGIN.name}:$2b$05$abcdefghijklmnopqrstuuRKNLYzBA4JxdsvRfeJDQ.VYjlD1qqz.\n"  # its password by bcrypt
_STARTED_WITHIN_S = 10.0
_ENDED_WITHIN_S = 10.0


@contextmanager
def serving(paths: Paths, folder: Path, address: str = LOOPBACK) -> Iterator[str]:
    """Run a registry that keeps everything in ``folder`` and lets in who is known by ``LOGIN``, and yield its URL.

    Args:
        paths: the checkout, whose pinned registry program is used.
        folder: where its images, its configuration and its log are.
        address: the address of this machine that it listens on.
    """
    folder.mkdir(parents=True, exist_ok=True)
    port = _free_port(address)
    config = folder / "config.json"  # JSON is YAML
    (folder / "htpasswd").write_text(_HTPASSWD)
    config.write_text(json.dumps(_configuration(f"{address}:{port}", folder)))
    with (folder / "log").open("wb") as log:
        argv = [*shell.bound_to_us(), str(tools.tool(paths, "registry")), "serve", str(config)]
        process = subprocess.Popen(argv, stdout=log, stderr=log, start_new_session=True)
    try:
        answers = wait.holds(lambda: _answers(address, port), named=lambda _: "it does not listen yet")
        wait.until(answers, named="the registry answers", within_s=_STARTED_WITHIN_S, look=str(folder / "log"))
        yield f"http://{address}:{port}"
    finally:
        process.terminate()
        try:
            process.wait(_ENDED_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _configuration(listens: str, folder: Path) -> dict[str, object]:
    """Return the registry's configuration (https://distribution.github.io/distribution/about/configuration/)."""
    return {
        "version": "0.1",
        "log": {"accesslog": {"disabled": True}, "level": "warn"},
        "storage": {"filesystem": {"rootdirectory": str(folder / "images")}},
        "auth": {"htpasswd": {"realm": "plumbline", "path": str(folder / "htpasswd")}},
        "http": {"addr": listens, "secret": "for one process only"},
    }


def _answers(address: str, port: int) -> bool:
    socket.create_connection((address, port), timeout=1).close()
    return True


def _free_port(address: str) -> int:
    with socket.socket() as probe:
        probe.bind((address, 0))
        return int(probe.getsockname()[1])
