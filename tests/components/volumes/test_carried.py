"""A volume's files arrive whole, or it is said that they did not."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import pytest

from plumbline.components.volumes import carried
from plumbline.core import shell, wait
from plumbline.core.errors import PlumblineError
from plumbline.kube.api import Object

CLAIM: Object = {"metadata": {"name": "data-geth-0", "namespace": "ethereum"}}


class Carrier:
    """An API server whose pods run Python on this machine, on a folder of its own as their volume."""

    def __init__(self, volume: Path, lost: int = 0) -> None:
        self.volume, self.lost = volume, lost
        self.made: list[Object] = []
        self.deleted: list[str] = []

    def apply(self, objects: list[Object]) -> None:
        self.made += objects

    def pod_ready(self, *_: str) -> Any:
        return wait.poll(lambda: wait.Observation(True, None, ""))

    gone = pod_ready

    def delete(self, kind: str, name: str, *_: Any, **__: Any) -> None:
        self.deleted.append(f"{kind} {name}")

    def kubectl(
        self,
        *words: str,
        within_s: float,
        into: Path | None = None,
        input: Path | None = None,  # noqa: A002
        check: bool,
    ) -> shell.Result:
        program = words[-1].replace("/volume", str(self.volume))
        ended = shell.run([sys.executable, "-c", program], within_s=within_s, into=into, input=input, check=check)
        if into is not None and self.lost:
            os.truncate(into, into.stat().st_size - self.lost)
        return ended


@pytest.fixture
def volume(tmp_path: Path) -> Path:
    folder = tmp_path / "volume"
    (folder / "geth" / "chaindata").mkdir(parents=True)
    (folder / "lost+found").mkdir()
    (folder / "geth" / "chaindata" / "000001.log").write_bytes(bytes(range(256)) * 64)
    return folder


def test_files_are_carried_out_and_in(volume: Path, tmp_path: Path) -> None:
    kube, archive, other = Carrier(volume), tmp_path / "geth-0.tar.gz", tmp_path / "other"
    other.mkdir()

    carried.out(kube, CLAIM, archive)  # type: ignore[arg-type]
    carried.into(Carrier(other), CLAIM, archive)  # type: ignore[arg-type]

    assert (other / "geth/chaindata/000001.log").read_bytes() == (volume / "geth/chaindata/000001.log").read_bytes()
    assert not (other / "lost+found").exists()
    assert kube.deleted == ["Pod carries-data-geth-0", "PersistentVolumeClaim data-geth-0"]
    assert [one["metadata"]["name"] for one in kube.made] == ["data-geth-0", "carries-data-geth-0"]


def test_an_archive_that_was_cut_short_is_refused(volume: Path, tmp_path: Path) -> None:
    with pytest.raises(PlumblineError, match="the files of data-geth-0 did not arrive whole"):
        carried.out(Carrier(volume, lost=1), CLAIM, tmp_path / "archive")  # type: ignore[arg-type]


def test_what_cannot_be_unpacked_says_why(volume: Path, tmp_path: Path) -> None:
    (tmp_path / "archive").write_bytes(b"no archive")

    with pytest.raises(PlumblineError, match=r"data-geth-0 cannot be put into its volume \(.*not a gzip file\)"):
        carried.into(Carrier(volume), CLAIM, tmp_path / "archive")  # type: ignore[arg-type]
