"""The command line: arguments over environment over defaults, and one clear line for everything else."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from plumbline_csi.config import parse
from plumbline_csi.errors import ConfigError


def test_the_defaults_are_those_of_the_chart() -> None:
    config = parse([], {"NODE_NAME": "node-1"})

    assert config.pool_gib == 20
    assert config.data_dir == Path("/var/lib/csi-loop")
    assert config.csi_socket == Path("/var/lib/kubelet/plugins/loop.csi.plumbline.dev/csi.sock")
    assert config.registration_socket == Path("/var/lib/kubelet/plugins_registry/loop.csi.plumbline.dev-reg.sock")
    assert config.http_address == ("0.0.0.0", 9808)
    assert config.topology_key == "topology.loop.csi.plumbline.dev/node"


def test_arguments_win_over_the_environment() -> None:
    environment = {"NODE_NAME": "from-environment", "POOL_GIB": "3", "CSI_ENDPOINT": "unix:///run/csi.sock"}

    config = parse(["--node-name=from-arguments"], environment)

    assert (config.node_name, config.pool_gib, config.csi_socket) == ("from-arguments", 3, Path("/run/csi.sock"))


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--node-name="], "--node-name must be the node's name"),
        (["--node-name=a/b"], "--node-name must be"),
        (["--pool-gib=0"], "whole number of GiB from 1"),
        (["--pool-gib=1.5"], "whole number of GiB"),
        (["--pool-gib=-3"], "whole number of GiB"),
        (["--data-dir=relative"], "--data-dir must be an absolute path, not 'relative'"),
        (["--driver-name=Loop!"], "--driver-name must be a DNS name"),
        ([f"--kubelet-dir=/{'long/' * 30}"], "longer than 107 bytes"),
        (["--csi-endpoint=tcp://0.0.0.0:1"], "--csi-endpoint must be an absolute path"),
        (["--http-address=9808"], "--http-address must be HOST:PORT"),
        (["--http-address=host:70000"], "--http-address must be HOST:PORT"),
        (["--pool-size=3"], "unrecognized arguments: --pool-size=3"),
    ],
)
def test_a_wrong_argument_is_refused_in_one_sentence(arguments: list[str], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse(["--node-name=node-1", *arguments], {})

    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_wrong_usage_prints_one_line_and_exits_with_2() -> None:
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "POOL_GIB": "much", "NODE_NAME": "node-1"}

    done = subprocess.run(
        [sys.executable, "-m", "plumbline_csi"], env=environment, capture_output=True, text=True, check=False
    )

    assert done.returncode == 2
    assert done.stderr == (f"plumbline_csi: --pool-gib must be a whole number of GiB from 1 to {1 << 20}, not 'much'\n")
