"""The map is read as it was written, and what it should not say is refused in words."""

import pytest

from plumbline.components.base import Workload
from plumbline.components.existing.mapping import Balancer, Chain, Cluster, Host, Map, Monitoring, Node
from plumbline.core.errors import ConfigError

WHOLE = Map(
    Cluster("v1.36.2", ("chain", "edge")),
    (Workload("StatefulSet", "geth", "chain"), Workload("Deployment", "edge", "edge")),
    (Balancer("edge", "edge", "172.18.0.0/16"),),
    (Host("http://172.18.0.9", "rpc.example"), Host("http://172.18.0.9", "web.example", 308)),
    Chain(7, 7, "0x11", "0xaabbccdd", 1, 24.0, (Node("a", "http://172.18.0.9", "a.example"), Node("b", "http://b"))),
    Monitoring("http://172.18.0.9", ("geth", "nodes"), "prometheus.example"),
)


def read(tmp_path, text):
    file = tmp_path / "map.toml"
    file.write_text(text)
    return Map.read(file)


@pytest.mark.parametrize("mapped", [WHOLE, Map(Cluster("v1.36.2", ("chain",)))])
def test_what_is_written_is_read(tmp_path, mapped):
    assert read(tmp_path, mapped.text()) == mapped


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "lacks cluster"),
        ('[cluster]\nkubernetes = "v1"', "cluster lacks namespaces"),
        ('[cluster]\nkubernetes = "v1"\nnamespaces = ["a"]\nname = "b"', "unknown key name; known are kubernetes"),
        ('[cluster]\nkubernetes = 1\nnamespaces = ["a"]', "kubernetes is 1, and should be a text that is not empty"),
        ('[cluster]\nkubernetes = "v1"\nnamespaces = "a"', "namespaces is 'a', and should be a list"),
        ("cluster = 1", "cluster is 1, and should be a table"),
        ("[[cluster]]", "and should be a table"),
        (
            '[[workload]]\nkind = "Job"\nname = "a"\nnamespace = "b"\n',
            "workload 1: kind is 'Job', and should be one of",
        ),
        (
            '[[load_balancer]]\nnamespace = "a"\nservice = "b"\npool = "10.0.0.300/8"',
            "load_balancer 1: '10.0.0.300/8' does not appear",
        ),
        ("workload = true", "workload is True, and should be a list"),
        ("not toml", "is not valid TOML"),
    ],
)
def test_what_it_should_not_say_is_refused(tmp_path, text, said):
    with pytest.raises(ConfigError, match=r"map\.toml") as refused:
        read(tmp_path, text)
    assert said in str(refused.value)


def test_a_map_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="cannot be read"):
        Map.read(tmp_path / "none.toml")
