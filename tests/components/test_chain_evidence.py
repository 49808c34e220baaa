"""What tests of the chain judge by: finality records, sightings, votes, snap-sync evidence, receipts."""

from __future__ import annotations

from plumbline.components.chain.finality import FinalityHistory
from plumbline.components.chain.late_joiner import SnapSync
from plumbline.components.chain.sightings import Sightings
from plumbline.components.chain.transactions import DATA, EMITS_A_LOG, TOPIC, Log, Receipt
from plumbline.components.consensus import Votes, _share, _share_signed


def history(*finalized: int, first: int = 100) -> FinalityHistory:
    entries = enumerate(finalized, first)
    return FinalityHistory.of(
        {
            "data": [
                {"epoch": str(e), "justified": {"epoch": str(f + 1)}, "finalized": {"epoch": str(f)}}
                for e, f in entries
            ]
        }
    )


def test_the_first_epochs_of_a_chain_have_nothing_to_finalize() -> None:
    assert history(99, 99, 99, 101, 102).late(last=5) == []


def test_an_epoch_that_finalizes_late_is_named() -> None:
    late = history(99, 99, 99, 101, 101, 103).late(last=3)

    assert [(record.epoch, record.finalized) for record in late] == [(104, 101)]


def test_only_the_newest_records_are_judged() -> None:
    assert history(99, 99, 99, 99, 102, 103).late(last=2) == []


def test_two_blocks_for_a_slot_are_an_equivocation() -> None:
    before = Sightings({7: frozenset({"0xa"}), 8: frozenset()})
    after = Sightings({7: frozenset({"0xb"}), 8: frozenset({"0xc"})})

    both = before | after

    assert both.equivocations == {7: {"0xa", "0xb"}}
    assert both.timeline() == "slot 7: 0xa, 0xb\nslot 8: 0xc"
    assert before.lost_in(after) == []


def test_a_block_that_is_gone_is_lost() -> None:
    assert Sightings({7: frozenset({"0xa"})}).lost_in(Sightings({7: frozenset()})) == [7]


def test_the_share_of_a_committee_is_read_from_a_bit_list() -> None:
    assert _share("0x07") == 1.0  # both members of two, and the bit that marks the length
    assert _share("0x05") == 0.5
    assert _share("0x01") == 0.0  # an empty list


def test_the_share_of_the_sync_committee_is_read_from_a_bit_vector() -> None:
    assert _share_signed({"sync_aggregate": {"sync_committee_bits": "0xffff"}}) == 1.0
    assert _share_signed({"sync_aggregate": {"sync_committee_bits": "0x0f00"}}) == 0.25


def test_votes_for_the_two_slots_before_the_head_count() -> None:
    assert Votes(10, {9: 1.0, 8: 1.0}, signed=1.0).lacking() == {}
    assert Votes(10, {9: 0.5, 7: 1.0}, signed=0.5).lacking() == {8: 0.0, 9: 0.5}


LOG = (
    "INFO [11-23|23:00:00.000] Enabled snap-sync                        head=0 hash=ab1234..cd5678",
    "INFO [11-23|23:00:01.000] State sync phase is completed            elapsed=35.851ms",
    "INFO [11-23|23:00:02.000] Disabled snap-sync after pivot commitment number=1,014 hash=ab1234..cd5678",
)


def test_a_state_download_is_told_by_log_and_counter() -> None:
    synced = SnapSync(peers=3, head=1078, network_head=1079, accounts=2010, log=LOG)

    assert synced.at_head
    assert synced.pivot == 1014
    assert synced.downloaded_state


def test_without_its_counter_or_its_end_nothing_was_downloaded() -> None:
    assert not SnapSync(head=5, network_head=5, accounts=0, log=LOG).downloaded_state
    assert not SnapSync(head=5, network_head=5, accounts=2010, log=LOG[:2]).downloaded_state


def test_a_node_without_a_network_is_at_no_head() -> None:
    assert not SnapSync(head=0, network_head=0).at_head
    assert not SnapSync(head=7, network_head=9).at_head


def test_a_receipt_is_read_from_json_rpc() -> None:
    log = {"address": "0xc", "topics": [TOPIC], "data": DATA, "logIndex": "0x0"}
    read = Receipt.of(
        {
            "status": "0x1",
            "blockNumber": "0x10",
            "blockHash": "0xb",
            "gasUsed": "0x5208",
            "effectiveGasPrice": "0x2",
            "contractAddress": "0xc",
            "logs": [log],
        }
    )

    assert read == Receipt(True, 16, "0xb", 42000, "0xc", (Log("0xc", (TOPIC,), DATA),))


def test_the_init_code_ends_without_leaving_code() -> None:
    assert EMITS_A_LOG.hex() == "602a60005260076020" + "6000a100"
