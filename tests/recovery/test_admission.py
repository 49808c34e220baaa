"""What cannot become a node here is refused before anything is made, in one sentence with the fix."""

from __future__ import annotations

from dataclasses import replace

import pytest
from recoverytest import CHAIN_ID, GENESIS, MARKS, snapshot

from plumbline.components.recovery.admission import (
    SnapshotMissing,
    SnapshotUnready,
    WrongClient,
    WrongNetwork,
    admit,
)


@pytest.mark.parametrize("tag", ["v1.17.10", "v1.17.11", "v1.18.0"])
def test_the_client_that_wrote_it_or_a_later_one_may_read_it(tag: str) -> None:
    admit(snapshot(), MARKS, CHAIN_ID, GENESIS, tag)


def test_a_snapshot_that_failed_says_why() -> None:
    with pytest.raises(
        SnapshotUnready, match=r"snapshot nightly is not ready \(the pool is full\): wait for it"
    ) as caught:
        admit(snapshot(ready=False, error="the pool is full"), MARKS, CHAIN_ID, GENESIS, "v1.17.10")

    assert caught.value.exit_code == 2


@pytest.mark.parametrize(("chain_id", "genesis"), [(1, GENESIS), (CHAIN_ID, "0x" + "00" * 32)])
def test_another_network_is_told_by_its_genesis_too(chain_id: int, genesis: str) -> None:
    with pytest.raises(WrongNetwork) as caught:
        admit(snapshot(), MARKS, chain_id, genesis, "v1.17.10")

    assert f"chain id {CHAIN_ID}, genesis {GENESIS}; here it is chain id {chain_id}, genesis {genesis}" in str(
        caught.value
    )
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("wrote", ["Geth/v1.17.11-stable/linux", "Geth/v1.18.0-stable/linux", "Nethermind/v1.30.0"])
def test_what_a_later_or_another_client_wrote_is_not_read(wrote: str) -> None:
    with pytest.raises(WrongClient, match=r"which Geth v1\.17\.10 may not be able to read") as caught:
        admit(snapshot(), replace(MARKS, client_version=wrote), CHAIN_ID, GENESIS, "v1.17.10")

    assert caught.value.exit_code == 2


def test_a_missing_snapshot_names_those_that_there_are() -> None:
    assert str(SnapshotMissing("x", "ethereum", ["a", "b"])).endswith("in namespace ethereum: name one of a, b")
    assert str(SnapshotMissing("x", "ethereum", [])).endswith("take one first, there is none yet")
