"""What is kept outside the cluster for the day on which it is lost: keys, what is sealed to them, and the data of two nodes."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from plumbline.components.base import Site
from plumbline.components.devnet import NAMESPACE, SECRETS
from plumbline.components.execution import Execution, claim_of
from plumbline.components.sealed_secrets import SealedSecrets
from plumbline.components.volumes import carried
from plumbline.components.volumes.snapshots import Snapshots
from plumbline.core import state
from plumbline.core.checksum import sha256_of
from plumbline.core.errors import ControlFailed, UsageError
from plumbline.kube.api import Object
from plumbline.kube.claims import claim

# The beacon node last: what Geth's copy lacks of the newest blocks, it has, and sends again.
_NODES = ("geth-0", "beacon-0")
_KEYS, _SEALED, _LIST = "keys.escrow", "sealed-secrets.json", "contents.json"
_OWNER_ONLY = 0o700


class ExportIncomplete(UsageError):
    """A folder does not hold an export that a cluster can be rebuilt from."""

    def __init__(self, folder: Path, file: str, why: str) -> None:
        """Keep the folder, the file in question, and what is wrong with it."""
        self.folder, self.file, self.why = folder, file, why
        super().__init__(
            f"{folder} is no whole export, {file} {why}: take another copy of it, or export again while the cluster stands; "
            "nothing was deleted"
        )


@dataclass(frozen=True)
class Export:
    """A folder that a whole export stands in.

    Attributes:
        folder: it.
        block: number of a block that its chain has.
        hash: that block's hash.
        sizes: of the nodes' volumes, by pod, as Kubernetes quantities.
    """

    folder: Path
    block: int
    hash: str
    sizes: Mapping[str, str]

    @classmethod
    def read(cls, folder: Path) -> Export:
        """Look at an export as a whole.

        Raises:
            ExportIncomplete: a file is missing, or not as it was written.
        """
        listed = state.read_json(folder / _LIST)
        if listed is None:
            raise ExportIncomplete(
                folder, _LIST, "is missing" if not (folder / _LIST).exists() else "is not as it was written"
            )
        for name, digest in listed["files"].items():
            file = folder / name
            if not file.is_file():
                raise ExportIncomplete(folder, name, "is missing")
            if sha256_of(file) != digest:
                raise ExportIncomplete(folder, name, "is not as it was written")
        return cls(folder, listed["block"], listed["hash"], listed["sizes"])

    @property
    def keys(self) -> str:
        """The escrow file of the sealing keys."""
        return (self.folder / _KEYS).read_text()

    @property
    def sealed(self) -> list[Object]:
        """What the chain's nodes share, sealed; in production it stands in Git."""
        return json.loads((self.folder / _SEALED).read_text())  # type: ignore[no-any-return]

    def restore_volumes(self, site: Site) -> None:
        """Make the nodes' volumes anew, with their data, before the nodes are there."""
        for pod, size in self.sizes.items():
            carried.into(site.kube, claim(claim_of(pod), NAMESPACE, size), self.folder / _archive(pod))


def export(site: Site, folder: Path, passphrase: str) -> Export:
    """Write an export into an empty folder while the cluster goes on.

    Args:
        site: where the stack stands.
        folder: where to.
        passphrase: opens the keys later.

    Raises:
        ControlFailed: what the nodes share is sealed to keys that an export would not have.
        UsageError: the folder has something in it, or the passphrase is too short.
    """
    if folder.exists() and any(folder.iterdir()):
        raise UsageError(f"{folder} is not empty: name another folder, an older export may still be needed")
    sealed_secrets = SealedSecrets(site)
    if closed := [one.name for one in sealed_secrets.report().lost if one.name.startswith(f"{NAMESPACE}/")]:
        raise ControlFailed(
            f"no key of the cluster opens {', '.join(closed)}: an export would be worth nothing; restore the keys first "
            "(plumbline secrets restore), or seal them anew"
        )
    keys = sealed_secrets.backup(passphrase)
    folder.mkdir(mode=_OWNER_ONLY, parents=True, exist_ok=True)
    folder.chmod(_OWNER_ONLY)
    state.write_text(folder / _KEYS, keys)
    state.write_json(folder / _SEALED, sealed_secrets.manifests(NAMESPACE, *SECRETS))
    block = Execution(site).nodes[0].block("latest")
    sizes = {pod: _carry_out(site, pod, folder / _archive(pod)) for pod in _NODES}
    files = {file.name: sha256_of(file) for file in folder.iterdir()}
    known = {"block": int(block["number"], 16), "hash": block["hash"], "sizes": sizes}
    state.write_json(folder / _LIST, {**known, "files": files})  # last: without it the folder is no export
    return Export.read(folder)


def _carry_out(site: Site, pod: str, archive: Path) -> str:
    """Write what a node's volume holds at this moment into an archive, and return the volume's size."""
    snapshots, name = Snapshots(site.kube, NAMESPACE), f"plumbline-export-{pod}"
    snapshots.remove(name)  # of an interrupted run
    snapshot = snapshots.take(claim_of(pod), name=name)
    try:
        carried.out(site.kube, snapshot.claim_of(name), archive)
    finally:
        snapshots.remove(name)
    return snapshot.size


def _archive(pod: str) -> str:
    return f"{pod}.tar.gz"
