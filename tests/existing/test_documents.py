"""The example stack and the page about it say what is."""

import json
import re
import tomllib

import jsonschema
import yaml

from plumbline.components.delivery.renderings import merged
from plumbline.components.existing import strangers
from plumbline.components.existing.mapping import Map


def test_the_strangers_images_are_those_of_the_lock(pytestconfig):
    """They are in the node image; others would have to be pulled."""
    root = pytestconfig.rootpath
    locked = {
        entry["ref"]
        for entry in tomllib.loads((root / "local/images/lock.toml").read_text()).values()
        if "ref" in entry
    }
    named = set(re.findall(r"image: (\S+)", (root / "local" / strangers.MANIFEST).read_text()))
    assert named <= locked


def test_the_strangers_are_in_the_namespaces_that_are_judged(pytestconfig):
    documents = yaml.safe_load_all((pytestconfig.rootpath / "local" / strangers.MANIFEST).read_text())
    made = [each["metadata"]["name"] for each in documents if each["kind"] == "Namespace"]
    assert tuple(made) == strangers.NAMESPACES


def test_the_values_of_the_page_are_ones_that_the_chart_takes(pytestconfig):
    chart = pytestconfig.rootpath / "charts/conformance"
    page = (pytestconfig.rootpath / "docs/existing.md").read_text()
    (given,) = re.findall(r"<<TEXT\n(.*?)TEXT", page, re.DOTALL)
    own = yaml.safe_load((chart / "values.yaml").read_text())
    values = merged(merged(own, yaml.safe_load(given)), {"harness": {"map": "[cluster]\n"}})
    jsonschema.validate(values, json.loads((chart / "values.schema.json").read_text()))


def test_the_map_of_the_page_is_one(pytestconfig, tmp_path):
    page = (pytestconfig.rootpath / "docs/existing.md").read_text()
    (example,) = re.findall(r"```toml\n(.*?)```", page, re.DOTALL)
    file = tmp_path / "map.toml"
    file.write_text(example)
    mapped = Map.read(file)
    assert mapped.chain is not None
    assert mapped.monitoring is not None
