"""Validators as /eth/v1/beacon/states/{state_id}/validators shows them."""

from __future__ import annotations

from typing import Any

from plumbline_beacon.encoding import to_hex
from plumbline_beacon.spec import BeaconState, spec
from plumbline_beacon.ssz_json import to_json


def validators_json(state: BeaconState, ids: frozenset[str], statuses: frozenset[str]) -> list[dict[str, Any]]:
    """Return the validators of a state, all or those with one of the ids (index or public key) and statuses."""
    epoch = int(spec.get_current_epoch(state))
    found = []
    for index, (validator, balance) in enumerate(zip(state.validators, state.balances, strict=True)):
        status = validator_status(validator, int(balance), epoch)
        wanted = not ids or str(index) in ids or to_hex(validator.pubkey) in ids
        if wanted and (not statuses or status in statuses or status.split("_")[0] in statuses):
            found.append(
                {"index": str(index), "balance": str(int(balance)), "status": status, "validator": to_json(validator)}
            )
    return found


def validator_status(validator: Any, balance: int, epoch: int) -> str:
    """Return a validator's status in the Beacon API's words (its ValidatorStatus)."""
    far = int(spec.FAR_FUTURE_EPOCH)
    if epoch < int(validator.activation_epoch):
        return "pending_initialized" if int(validator.activation_eligibility_epoch) == far else "pending_queued"
    if epoch < int(validator.exit_epoch):
        if int(validator.exit_epoch) == far:
            return "active_ongoing"
        return "active_slashed" if validator.slashed else "active_exiting"
    if epoch < int(validator.withdrawable_epoch):
        return "exited_slashed" if validator.slashed else "exited_unslashed"
    return "withdrawal_possible" if balance else "withdrawal_done"
