"""The configuration as /eth/v1/config/* shows it."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

from ssz.uint import BaseUint

from plumbline_beacon import network
from plumbline_beacon.encoding import to_hex
from plumbline_beacon.spec import spec
from plumbline_beacon.ssz_json import to_json

_NOT_CONFIGURATION: Final = ("EXECUTION_ENGINE", "LRU", "ENDIANNESS")


@cache
def spec_json() -> dict[str, Any]:
    """Return every constant, preset and configuration value (Beacon API, /eth/v1/config/spec)."""
    values: dict[str, Any] = {}
    for name in dir(spec):
        value = getattr(spec, name)
        if name.isupper() and name not in _NOT_CONFIGURATION and isinstance(value, BaseUint | bytes):
            values[name] = to_json(value)
    for name, value in spec.config._asdict().items():
        values[name] = (
            value if isinstance(value, str) else to_json(value) if name != "BLOB_SCHEDULE" else _blob_schedule()
        )
    values.update(CONFIG_NAME=network.CONFIG_NAME, SECONDS_PER_SLOT=str(network.SECONDS_PER_SLOT))
    return values


def _blob_schedule() -> list[dict[str, str]]:
    return [{"EPOCH": str(limit.epoch), "MAX_BLOBS_PER_BLOCK": str(limit.max_blobs)} for limit in network.BLOB_SCHEDULE]


def fork_schedule_json() -> list[dict[str, str]]:
    """Return all forks in order (Beacon API, /eth/v1/config/fork_schedule)."""
    versions = [fork.version for fork in network.FORKS]
    return [
        {"previous_version": previous, "current_version": fork.version, "epoch": str(fork.epoch)}
        for previous, fork in zip([versions[0], *versions], network.FORKS, strict=False)
    ]


def deposit_contract_json() -> dict[str, str]:
    """Return where deposits go (Beacon API, /eth/v1/config/deposit_contract)."""
    address = to_hex(bytes.fromhex(network.DEPOSIT_CONTRACT.removeprefix("0x")))
    return {"chain_id": str(network.CHAIN_ID), "address": address}
