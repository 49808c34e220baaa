"""Execution payloads between SSZ and the Engine API's JSON.

Source: execution-apis engine/paris.md to engine/osaka.md (ExecutionPayloadV3, PayloadAttributesV3, EIP-7685 requests).
"""

from __future__ import annotations

from typing import Any, Final

from plumbline_beacon import network
from plumbline_beacon.encoding import from_hex, to_hex
from plumbline_beacon.spec import BeaconBlock, BeaconState, spec

type NewPayloadArguments = tuple[dict[str, Any], list[str], str, list[str]]

_NUMBERS: Final = {
    "block_number": "blockNumber",
    "gas_limit": "gasLimit",
    "gas_used": "gasUsed",
    "timestamp": "timestamp",
    "base_fee_per_gas": "baseFeePerGas",
    "blob_gas_used": "blobGasUsed",
    "excess_blob_gas": "excessBlobGas",
}
_BYTES: Final = {
    "parent_hash": "parentHash",
    "fee_recipient": "feeRecipient",
    "state_root": "stateRoot",
    "receipts_root": "receiptsRoot",
    "logs_bloom": "logsBloom",
    "prev_randao": "prevRandao",
    "block_hash": "blockHash",
}
_GENESIS_NAMES: Final = {"blockNumber": "number", "feeRecipient": "miner", "prevRandao": "mixHash", "blockHash": "hash"}


def payload_from_json(data: dict[str, Any]) -> Any:
    """Return the SSZ payload of an Engine API ExecutionPayload."""
    numbers = {name: int(data[key], 16) for name, key in _NUMBERS.items()}
    fixed = {name: from_hex(data[key]) for name, key in _BYTES.items()}
    withdrawals = [
        spec.Withdrawal(
            index=int(entry["index"], 16),
            validator_index=int(entry["validatorIndex"], 16),
            address=from_hex(entry["address"]),
            amount=int(entry["amount"], 16),
        )
        for entry in data["withdrawals"]
    ]
    return spec.ExecutionPayload(
        **numbers,
        **fixed,
        extra_data=spec.ExtraData(data=from_hex(data["extraData"])),
        transactions=spec.Transactions(data=[spec.Transaction(data=from_hex(raw)) for raw in data["transactions"]]),
        withdrawals=spec.Withdrawals(data=withdrawals),
    )


def payload_to_json(payload: Any) -> dict[str, Any]:
    """Return an SSZ payload as an Engine API ExecutionPayload."""
    numbers = {key: hex(int(getattr(payload, name))) for name, key in _NUMBERS.items()}
    fixed = {key: to_hex(getattr(payload, name)) for name, key in _BYTES.items()}
    return {
        **numbers,
        **fixed,
        "extraData": to_hex(payload.extra_data.data),
        "transactions": [to_hex(transaction.data) for transaction in payload.transactions],
        "withdrawals": withdrawals_to_json(payload.withdrawals),
    }


def withdrawals_to_json(withdrawals: Any) -> list[dict[str, str]]:
    """Return withdrawals as the Engine API's WithdrawalV1."""
    return [
        {
            "index": hex(int(entry.index)),
            "validatorIndex": hex(int(entry.validator_index)),
            "address": to_hex(entry.address),
            "amount": hex(int(entry.amount)),
        }
        for entry in withdrawals
    ]


def payload_of_genesis(block: dict[str, Any]) -> Any:
    """Return the execution layer's genesis block, as eth_getBlockByNumber shows it, in the form of a payload."""
    renamed = {key: block[name] for key, name in _GENESIS_NAMES.items()}
    return payload_from_json({**block, **renamed, "transactions": [], "withdrawals": []})


def payload_attributes(state: BeaconState, parent_root: bytes) -> dict[str, Any]:
    """Return PayloadAttributesV3 for a block on `parent_root` at the state's slot.

    Source: consensus-specs ``prepare_execution_payload`` (bellatrix to electra validator.md).
    """
    return {
        "timestamp": hex(network.slot_start(int(state.slot))),
        "prevRandao": to_hex(spec.get_randao_mix(state, spec.get_current_epoch(state))),
        "suggestedFeeRecipient": network.VALIDATOR_ACCOUNT.address,
        "withdrawals": withdrawals_to_json(spec.get_expected_withdrawals(state).withdrawals),
        "parentBeaconBlockRoot": to_hex(parent_root),
    }


def new_payload_arguments(block: BeaconBlock) -> NewPayloadArguments:
    """Return the arguments of engine_newPayloadV4 for a beacon block."""
    body = block.body
    return (
        payload_to_json(body.execution_payload),
        [to_hex(spec.kzg_commitment_to_versioned_hash(commitment)) for commitment in body.blob_kzg_commitments],
        to_hex(block.parent_root),
        [to_hex(request) for request in spec.get_execution_requests_list(body.execution_requests)],
    )
