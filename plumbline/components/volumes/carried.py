"""What a volume holds, carried out of the cluster as one archive, and into a new volume: through a pod of ours that sees it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from plumbline.core import shell, wait
from plumbline.core.checksum import sha256_of
from plumbline.core.errors import PlumblineError
from plumbline.kube.api import Kube, Object
from plumbline.kube.pods import confined

_READY_WITHIN_S, _GONE_WITHIN_S, _CARRY_WITHIN_S = 60.0, 60.0, 300.0

# What it prints may be cut short on the way, so it says last what it should have come to.
_PACK = """
import hashlib, sys, tarfile

class Out:
    digest = hashlib.sha256()

    def write(self, data):
        self.digest.update(data)
        return sys.stdout.buffer.write(data)

with tarfile.open(fileobj=Out(), mode="w|gz", compresslevel=1) as archive:
    archive.add("/volume", arcname=".", filter=lambda entry: None if entry.name == "./lost+found" else entry)
sys.stdout.flush()
print(Out.digest.hexdigest(), file=sys.stderr)
"""
_UNPACK = """
import sys, tarfile

with tarfile.open(fileobj=sys.stdin.buffer, mode="r|gz") as archive:
    for entry in archive:
        if entry.name != ".":
            archive.extract(entry, "/volume", filter="data")
"""


def out(kube: Kube, claim: Object, archive: Path) -> None:
    """Write the files of a new volume that a claim describes (a copy of a snapshot) into a compressed tar archive; the volume goes.

    Raises:
        PlumblineError: they cannot be read, or did not arrive whole.
    """
    name, namespace = claim["metadata"]["name"], claim["metadata"]["namespace"]
    with _carrier(kube, claim) as words:
        ended = kube.kubectl(*words, _PACK, within_s=_CARRY_WITHIN_S, into=archive, check=False)
    kube.delete("PersistentVolumeClaim", name, namespace)
    if not ended.ok or _last_said(ended) != sha256_of(archive):
        raise PlumblineError(f"the files of {name} did not arrive whole (last said: {_last_said(ended)}): try again")


def into(kube: Kube, claim: Object, archive: Path) -> None:
    """Make the volume that a claim describes, and put the files of an archive into it.

    Raises:
        PlumblineError: they cannot be written.
    """
    with _carrier(kube, claim) as words:
        ended = kube.kubectl(*words, _UNPACK, within_s=_CARRY_WITHIN_S, input=archive, check=False)
    if not ended.ok:
        name = claim["metadata"]["name"]
        raise PlumblineError(f"the files of {name} cannot be put into its volume ({_last_said(ended)}): try again")


def _last_said(ended: shell.Result) -> str:
    return (ended.stderr.strip().splitlines() or ["nothing"])[-1]


@contextmanager
def _carrier(kube: Kube, claim: Object) -> Iterator[tuple[str, ...]]:
    """Have a pod that sees the volume of a claim at /volume while the block runs, and yield what runs Python in it."""
    namespace, name = str(claim["metadata"]["namespace"]), f"carries-{claim['metadata']['name']}"
    kube.apply([claim, confined(name, namespace, claims={"/volume": claim["metadata"]["name"]})])
    try:
        wait.until(kube.pod_ready(namespace, name), named=f"{name} ready", within_s=_READY_WITHIN_S)
        yield ("-n", namespace, "exec", "--stdin", name, "--", "python3", "-c")
    finally:
        kube.delete("Pod", name, namespace, grace_s=0)
        wait.until(kube.gone("Pod", name, namespace), named=f"{name} gone", within_s=_GONE_WITHIN_S)
