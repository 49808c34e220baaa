"""Conversions between SSZ, the Beacon API's JSON and the Engine API's JSON."""

import pytest
from plumbline_beacon import payloads
from plumbline_beacon.anchor import build_anchor
from plumbline_beacon.encoding import from_hex, to_hex
from plumbline_beacon.spec import root_of, spec
from plumbline_beacon.ssz_json import from_json, to_json
from stub_engine import StubEngine, genesis_block


@pytest.fixture(scope="module")
def payload() -> object:
    attributes = {
        "timestamp": "0x63a1",
        "prevRandao": "0x" + "ab" * 32,
        "suggestedFeeRecipient": "0x" + "cd" * 20,
        "withdrawals": [{"index": "0x1", "validatorIndex": "0x2", "address": "0x" + "ef" * 20, "amount": "0x3"}],
    }
    return payloads.payload_from_json(StubEngine._pack(genesis_block(), attributes))


def test_payloads_survive_the_engine_api(payload: object) -> None:
    there_and_back = payloads.payload_from_json(payloads.payload_to_json(payload))

    assert root_of(there_and_back) == root_of(payload)
    assert payloads.payload_to_json(payload)["withdrawals"][0]["amount"] == "0x3"


def test_blocks_survive_the_beacon_api(payload: object) -> None:
    vote = spec.Attestation(aggregation_bits=spec.AggregationBits(data=[True, False, True]))
    body = spec.BeaconBlockBody(execution_payload=payload, attestations=spec.Attestations(data=[vote]))
    block = spec.SignedBeaconBlock(message=spec.BeaconBlock(slot=2**40, body=body), signature=b"\x05" * 96)
    as_json = to_json(block)

    assert as_json["message"]["slot"] == str(2**40)
    assert as_json["message"]["body"]["attestations"][0]["aggregation_bits"] == "0x0d"
    assert root_of(from_json(spec.SignedBeaconBlock, as_json)) == root_of(block)


def test_bootstraps_survive_the_beacon_api() -> None:
    bootstrap = spec.create_light_client_bootstrap(*build_anchor(genesis_block(), 363_000))

    assert root_of(from_json(spec.LightClientBootstrap, to_json(bootstrap))) == root_of(bootstrap)


def test_hex_needs_its_prefix() -> None:
    assert from_hex(to_hex(b"\x00\xff")) == b"\x00\xff"
    with pytest.raises(ValueError, match="0x-prefixed"):
        from_hex("00ff")


def test_what_has_no_json_form_is_refused() -> None:
    with pytest.raises(TypeError, match="no SSZ type"):
        to_json(object())
    with pytest.raises(TypeError, match="no SSZ type"):
        from_json(object, "1")
