"""Mistakes in Terraform: those of mistakes.toml, each with the check that must notice it, and a check that looks away."""

from __future__ import annotations

from pathlib import Path

from plumbline.core import state
from plumbline.core.errors import UsageError
from plumbline.faults.registry import Mutate, mutation

_FILE = Path(__file__).with_name("mistakes.toml")


def _replacing(file: str, old: str, new: str) -> Mutate:
    """Return what replaces a text in a file of terraform/ by another, where it stands first."""

    def mutate(copy: Path) -> None:
        path = copy / "terraform" / file
        text = path.read_text()
        if old not in text:
            raise UsageError(f'terraform/{file} has no "{old}": change {_FILE.name}')
        path.write_text(text.replace(old, new, 1))

    return mutate


for _control, _mistakes in state.read_toml(_FILE, _FILE.name).items():
    for _name, _row in _mistakes.items():
        _mutate = _replacing(_row["file"], _row["old"], _row["new"])
        _mutate.__doc__ = _row["summary"]
        mutation(_name, breaks=_control, injured=_row.get("names", _row["file"]), check=_row["check"])(_mutate)


@mutation("image-unlisted", breaks="IAC-002", injured="docker.io/ethereum/client-go")
def image_unlisted(copy: Path) -> None:
    """Geth's image is not among those that may run."""
    _replacing("terraform.tfvars", '  "docker.io/ethereum/client-go*",\n', "")(copy)


@mutation(
    "rule-blunted", breaks="IAC-003", injured="google_compute_firewall.ingress_front_ends", check="narrow-ingress"
)
def rule_blunted(copy: Path) -> None:
    """A rule over plans looks away where the Internet is let in."""
    rules = copy / "plumbline" / "terraform" / "policies" / "network.py"
    text = rules.read_text()
    rules.write_text(text.replace('_EVERYWHERE = {"0.0.0.0/0", "::/0", "*"}', '_EVERYWHERE = {"::/0"}', 1))
