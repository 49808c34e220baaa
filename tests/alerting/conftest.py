"""A rule to try things on."""

import pytest

from plumbline.components.alerting.rules import Rule


@pytest.fixture
def rule() -> Rule:
    return Rule(
        name="PeersLow",
        chart="geth-node",
        profile="test",
        expr='p2p_peers{namespace="default"} < 2',
        for_s=10,
        labels={"severity": "warning"},
        annotations={},
        values={"threshold": 2, "for": 10},
    )
