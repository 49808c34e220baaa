"""Python tools with an environment of their own."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from plumbline.images import fetching, tools, workshop
from plumbline.images.workshop import Workshop


@pytest.fixture
def asked(shop: Workshop, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """What pip is asked; it installs a program that tells which Python runs it, and with what."""
    words: list[list[str]] = []

    def run(argv: list[object], _what: str, **_: object) -> None:
        words.append([str(word) for word in argv])
        python = Path(words[-1][words[-1].index("--python") + 1])
        (python.parent / "checkov").write_text(
            "#!/nowhere\nimport sys\nprint(sys.prefix, sys.flags.isolated, *sys.argv[1:])\n"
        )

    monkeypatch.setattr(fetching, "run", run)
    monkeypatch.setattr(workshop, "of", lambda _paths: shop)
    return words


def test_it_is_run_by_the_python_of_its_environment(shop: Workshop, asked: list[list[str]]) -> None:
    program = tools.tool(shop.paths, "checkov")

    said = subprocess.run([program, "a b", "c"], capture_output=True, text=True, check=True).stdout.split()
    assert Path(said[0]) == program.resolve().parent / "environment"
    assert said[1:] == ["1", "a", "b", "c"]


def test_it_is_installed_once_by_its_checksums(shop: Workshop, asked: list[list[str]], root: Path) -> None:
    tools.tool(shop.paths, "checkov")
    tools.tool(shop.paths, "checkov")

    (words,) = asked
    assert {"--require-hashes", "--no-deps", "--only-binary=:all:"} <= set(words)
    assert words[words.index("--requirement") + 1] == str(root / "requirements" / "checkov.txt")
    assert not list(shop.store.path("tmp").iterdir())


def test_another_lock_is_another_environment(shop: Workshop, checkout: Path) -> None:
    lock = checkout / "requirements" / "checkov.txt"
    other = Workshop(type(shop.paths)(root=checkout, state=shop.paths.state, cache=shop.paths.cache))
    wanted = tools.load(shop.paths.root)["checkov"]

    assert tools.kept(other, wanted) == tools.kept(shop, wanted)
    lock.write_text("checkov==3.3.29 --hash=sha256:00\n")
    assert tools.kept(other, wanted) != tools.kept(shop, wanted)
