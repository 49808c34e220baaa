"""What the chart of the classes makes of the values that Terraform gives it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from plumbline import images
from plumbline.core import shell
from plumbline.core.paths import Paths

CHART = Path(__file__).parents[2] / "terraform/modules/storage/chart"
VALUES = {"storageClasses": {"chain-ssd": {"type": "pd-ssd"}}, "snapshotClass": "chain-snapshots"}


def rendered(values: dict[str, Any]) -> shell.Result:
    helm = images.tool(Paths.of(CHART.parents[3]), "helm")
    return shell.run(
        [helm, "template", "c", CHART, "--values", "-"], within_s=60, input=json.dumps(values), check=False
    )


def test_volumes_and_snapshots_outlive_their_objects() -> None:
    storage, snapshots = yaml.safe_load_all(rendered(VALUES).stdout)

    assert (storage["kind"], storage["metadata"]["name"], storage["reclaimPolicy"]) == (
        "StorageClass",
        "chain-ssd",
        "Retain",
    )
    assert storage["parameters"]["type"] == "pd-ssd"
    assert storage["volumeBindingMode"] == "WaitForFirstConsumer"
    assert (snapshots["kind"], snapshots["deletionPolicy"]) == ("VolumeSnapshotClass", "Retain")
    assert snapshots["driver"] == storage["provisioner"] == "pd.csi.storage.gke.io"


@pytest.mark.parametrize(
    "wrong",
    [{"storageClasses": {}}, {"storageClasses": {"a": {"type": "pd-standard"}}}, {"snapshotClass": ""}, {"typo": 1}],
)
def test_values_that_make_no_sense_are_refused(wrong: dict[str, Any]) -> None:
    assert not rendered({**VALUES, **wrong}).ok
