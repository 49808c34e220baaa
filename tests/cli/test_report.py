"""``plumbline report`` and ``plumbline plan``, as users type them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from plumbline import cli
from plumbline.core.paths import Paths
from plumbline.evidence import attestation, keys, page


@pytest.fixture
def run(checkout: Path):
    """Make the report of a run, sealed."""

    def make(name: str, verdict: str = "proved", **more) -> Path:
        folder = checkout / ".plumbline" / "reports" / name
        folder.mkdir(parents=True)
        control = {"id": "EXE-001", "verdict": verdict, "reason": "", "seconds": 1.0, "tests": []}
        facts = {
            "environment": {"commit": "c" * 40},
            "images": {},
            "figures": [],
            "exit_code": 0,
            "controls": [control],
        }
        (folder / "results.json").write_text(json.dumps({**facts, **more}))
        (folder / "summary.md").write_text(f"# Run {name}\n")
        attestation.seal(folder, keys.signing(Paths.of(checkout)))
        return folder

    return make


def test_the_latest_is_shown(run, capsys, monkeypatch):
    run("20261126T120000-1")
    latest = run("20261127T120000-1")
    monkeypatch.setattr(page, "make", lambda paths, folder: folder / page.NAME)
    assert cli.main(["report"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("# Run 20261127T120000-1\n")
    assert shown.endswith(f"as a page: {latest / page.NAME}\n")


def test_two_are_compared(run, capsys):
    run("a")
    run("b", verdict="failed")
    assert cli.main(["report", "diff", "a", "b"]) == 0
    assert capsys.readouterr().out == "EXE-001: proved -> failed ()\n"


def test_one_is_verified(run, capsys):
    run("a", images={"geth:1": "sha256:" + "a" * 64})
    assert cli.main(["report", "verify", "a"]) == 0
    shown = capsys.readouterr().out
    assert f"commit  {'c' * 40}" in shown
    assert f"image   geth:1  sha256:{'a' * 64}" in shown


def test_one_that_was_altered_is_refused(run, refused):
    (run("a") / "summary.md").write_text("all is well")
    assert "summary.md is altered" in refused("report", "verify", "a", code=1)


def test_with_the_key_of_somebody_else(run, refused, checkout, tmp_path):
    folder = run("a")
    theirs = Paths.of(checkout)
    public = tmp_path / "their.pem"
    public.write_text(keys.public_file(theirs).read_text())
    assert cli.main(["report", "verify", str(folder), "--key", str(public)]) == 0
    (theirs.state / "evidence-key.pem").unlink()
    keys.signing(theirs)
    assert "is not signed by the key" in refused("report", "verify", "a", code=1)


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        (["report"], "there is no report yet"),
        (["report", "verify", "x"], 'there is no report "x"'),
        (["report", "diff", "x"], "the following arguments are required: B"),
    ],
)
def test_what_is_not_there(checkout, refused, argv, says):
    assert says in refused(*argv, code=2)


def test_the_plan(checkout, docker, capsys):
    assert cli.main(["plan"]) == 0
    shown = capsys.readouterr().out
    assert "Bring-up (how long is not known yet; no stack stands)\n  cluster          first\n" in shown
    assert "not built            docker.io/ethereum/client-go:v" in shown
    assert "\nControls to be proved (" in shown
    assert "\n  EXE  001 002" in shown


def test_what_to_carry_to_a_machine_without_network(checkout, capsys):
    assert cli.main(["plan", "--airgap"]) == 0
    packages = capsys.readouterr().out.splitlines()
    assert len(packages) == len(set(packages))
    assert {line.split()[0] for line in packages} == {"deb", "go", "npm", "pypi"}
    assert any(line.startswith("go github.com/ethereum/go-ethereum v1.") for line in packages)
    assert any(line.startswith("npm @a16z/helios ") for line in packages)
