"""What the devnet's nodes share and must not be committed: the genesis, the Engine API's key, the nodes' identities."""

from __future__ import annotations

import hashlib
import json
import secrets
import tempfile
from base64 import b64decode
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar

import yaml
from plumbline_beacon.network import Fork

from plumbline.components.base import Component
from plumbline.components.chain import forks
from plumbline.components.sealed_secrets import SealedSecrets
from plumbline.core import shell, state, wait
from plumbline.kube.api import Object
from plumbline.kube.ours import meta

NAMESPACE = "ethereum"
JWT_SECRET, KEYS_SECRET, CONTROL_SECRET, GENESIS = "engine-jwt", "geth-nodekeys", "beacon-control", "devnet-genesis"
MEMBERS: Mapping[str, str] = {  # pod -> headless Service that names it
    "geth-0": "geth-peers",
    "geth-1": "geth-peers",
    "geth-follower-0": "geth-follower-peers",
    "geth-late-0": "geth-late-peers",
}


SECRETS: Mapping[str, Callable[[], dict[str, str]]] = {  # name -> what makes its values
    JWT_SECRET: lambda: {"jwt.hex": "0x" + secrets.token_hex(32)},
    KEYS_SECRET: lambda: {pod: secrets.token_hex(32) for pod in MEMBERS},
    CONTROL_SECRET: lambda: {"token": secrets.token_urlsafe(32)},
}


class Devnet(Component):
    """Genesis, JWT secret and node keys: made once for a cluster, at bring-up; read back from it afterwards.

    Secrets leave this process sealed only; the controller makes them when it is up, and whoever mounts them waits for that.
    """

    name: ClassVar[str] = "devnet"
    needs: ClassVar[tuple[str, ...]] = ("cluster",)
    uses: ClassVar[tuple[str, ...]] = ("sealed-secrets",)

    def stage(self) -> None:
        """Make the namespace and what is missing in it; what exists is kept, since the chain depends on it."""
        self.kube.ensure_namespace(NAMESPACE, "restricted")
        self.kube.apply([_config_map(GENESIS, self.genesis_files())])
        missing = [name for name in SECRETS if self.kube.find("SealedSecret", name, NAMESPACE) is None]
        SealedSecrets(self.site).deliver(*(_secret(name, SECRETS[name]()) for name in missing))

    def deploy(self) -> None:
        """Nothing more: the controller makes the Secrets."""

    def ready(self) -> wait.Condition[Any]:
        """Hold when the controller has unsealed the secrets."""
        return SealedSecrets(self.site).unsealed(NAMESPACE, *SECRETS)

    def fingerprint(self) -> str:
        """Return a checksum over the genesis; keys are kept as they are."""
        return hashlib.sha256(json.dumps(self.genesis_files()).encode()).hexdigest()

    def genesis_files(self) -> dict[str, str]:
        """Return genesis.json (for ``geth init``) and beacon.yaml (for ``geth --beacon.config``)."""
        from plumbline_beacon import network  # noqa: PLC0415

        return {"genesis.json": self._genesis_text, "beacon.yaml": network.beacon_config_yaml()}

    @cached_property
    def genesis(self) -> dict[str, Any]:
        """The execution genesis, derived from what the pinned Geth itself dumps for a development chain."""
        from plumbline_beacon import genesis  # noqa: PLC0415

        from plumbline import images  # noqa: PLC0415

        geth = images.tool(self.site.paths, "geth")
        kept = (
            self.site.paths.state
            / "devnet"
            / f"dumpgenesis-{hashlib.sha256(str(geth.resolve()).encode()).hexdigest()[:12]}.json"
        )
        if (dumped := state.read_json(kept)) is None:
            dumped = json.loads(shell.run([geth, "--dev", "dumpgenesis"], within_s=60).stdout)
            state.write_json(kept, dumped)
        return genesis.execution_genesis(dumped)

    @property
    def _genesis_text(self) -> str:
        """One text for one genesis: what Geth printed and what we kept of it come in different orders."""
        return json.dumps(self.genesis, sort_keys=True)

    @cached_property
    def genesis_hash(self) -> str:
        """The hash of the genesis block, as the pinned Geth computes it from the genesis outside the cluster."""
        from plumbline import images  # noqa: PLC0415

        text = self._genesis_text
        kept = self.site.paths.state / "devnet" / f"genesis-hash-{hashlib.sha256(text.encode()).hexdigest()[:12]}.json"
        if (found := state.read_json(kept)) is None:
            with tempfile.TemporaryDirectory() as folder:
                file = Path(folder) / "genesis.json"
                file.write_text(text)
                argv: list[str | Path] = [images.tool(self.site.paths, "geth"), "--log.format=json", "init"]
                argv += ["--datadir", folder, "--state.scheme=path", file]
                found = _written_genesis(shell.run(argv, within_s=60).stderr)
            state.write_json(kept, found)
        return str(found)

    def enodes(self) -> dict[str, str]:
        """Return each member's enode URL (devp2p), by pod; the names resolve inside the cluster only."""
        from eth_keys.datatypes import PrivateKey  # noqa: PLC0415

        public = {
            pod: PrivateKey(bytes.fromhex(key)).public_key.to_hex()[2:] for pod, key in self.secret(KEYS_SECRET).items()
        }
        return {
            pod: f"enode://{public[pod]}@{pod}.{service}.{NAMESPACE}.svc.cluster.local:30303"
            for pod, service in MEMBERS.items()
        }

    def forks_given(self) -> tuple[Fork, ...]:
        """Return the consensus forks that Geth's own light clients are told of."""
        given = yaml.safe_load(self.kube.get("ConfigMap", GENESIS, NAMESPACE)["data"]["beacon.yaml"])
        return forks.schedule_of(given)

    def secret(self, name: str) -> dict[str, str]:
        """Return a Secret of the devnet, decoded."""
        return {
            key: b64decode(value).decode() for key, value in self.kube.get("Secret", name, NAMESPACE)["data"].items()
        }

    @property
    def engine_key(self) -> bytes:
        """The key that consensus and execution clients share (execution-apis, engine/authentication.md)."""
        return bytes.fromhex(self.secret(JWT_SECRET)["jwt.hex"].strip().removeprefix("0x"))


def _written_genesis(log: str) -> str:
    """Return the hash that ``geth init`` logs (only its JSON log has it in full)."""
    records = [json.loads(line) for line in log.splitlines() if line.startswith("{")]
    return next(str(record["hash"]) for record in records if record["msg"] == "Successfully wrote genesis state")


def _config_map(name: str, data: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta(name, NAMESPACE), "data": data}


def _secret(name: str, values: dict[str, str]) -> Object:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": meta(name, NAMESPACE), "stringData": values}
