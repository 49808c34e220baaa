"""The page: whole in itself, quick to make, and in a real browser it shows the controls, the pictures and what a failure left."""

from __future__ import annotations

import html
import json
import re
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from plumbline.core.errors import PlumblineError
from plumbline.core.paths import Paths
from plumbline.evidence import page
from plumbline.images import tools, workshop

pytestmark = pytest.mark.xdist_group("page")  # one run, one page
ROOT = Path(__file__).parents[2]
BROWSERS = ("chromium-headless-shell", "chromium", "google-chrome")
TRIES, UNREAD = (
    3,
    "Failed to fetch",
)  # on a busy machine the browser's virtual time runs ahead of what the page reads of itself
COUNTER = '<script async src="https://www.googletagmanager.com/gtag/js?id=G"></script>\n<script>\n gtag();\n</script>'
SUITE = """
import pytest
from reports.evidence import attach

@pytest.mark.control("POL-001")
def test_matrix():
    attach("who reaches whom", "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "image/svg+xml")

@pytest.mark.control("EXE-002")
def test_peers():
    attach("pods.txt", "geth-1 CrashLoopBackOff")
    assert False, "geth-1 has 0 of 2 peers"

@pytest.mark.control("EXE-003")
@pytest.mark.parametrize("n", range(200))
def test_many(n): attach("answer", "x" * 2000)
"""


def test_a_page_is_sealed_off():
    made = page.sealed_off(f"<html><head><title>run</title></head><body>{COUNTER}<script>kept()</script></body></html>")
    assert "googletagmanager" not in made
    assert "<script>kept()</script>" in made
    assert made.startswith('<html><head><meta http-equiv="Content-Security-Policy" content="default-src ')


@pytest.mark.parametrize("unknown", ["<html><head></head></html>", COUNTER])
def test_a_page_that_we_do_not_know_is_refused(unknown):
    with pytest.raises(PlumblineError, match="the page of Allure is not as we know it"):
        page.sealed_off(unknown)


@pytest.fixture(scope="module")
def browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        pytest.skip("not run here: no browser is installed (Debian: chromium-headless-shell)")
    return found


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    """The report of a run of 202 tests."""
    paths = Paths.of(ROOT)
    if not tools.kept(workshop.of(paths), tools.load(ROOT)["allure"]).exists():
        pytest.skip('not run here: the generator of the page is not in the cache ("plumbline images tools allure")')
    folder = tmp_path_factory.mktemp("run")
    (folder / "test_it.py").write_text(SUITE)
    (folder / "conftest.py").write_text('pytest_plugins = ["reports.plugin"]')
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --import-mode=importlib\n")
    argv = [sys.executable, "-m", "pytest", "-q", "--report-dir=report"]
    subprocess.run(argv, cwd=folder, env={"PYTHONPATH": str(ROOT)}, check=False, capture_output=True, timeout=60)
    return folder / "report"


@pytest.fixture(scope="module")
def made(run) -> tuple[Path, float]:
    """Its page, and the seconds of a processor that it took."""
    paths = Paths(root=ROOT, state=run.parent / "state", cache=Paths.of(ROOT).cache)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    file = page.make(paths, run)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return file, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.fixture
def shown(browser, made, tmp_path):
    """What the browser shows of the page at an anchor, as text; demands that nothing from outside was asked for."""

    def show(anchor: str = "") -> str:
        log = tmp_path / "net.json"
        argv = [
            browser,
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            f"--log-net-log={log}",
            "--host-resolver-rules=MAP * ~NOTFOUND",
        ]
        argv += ["--virtual-time-budget=10000", "--dump-dom", f"{made[0].as_uri()}{anchor}"]
        for _ in range(TRIES):
            ended = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60)
            assert re.findall(r'"url":"(https?:[^"]*)', log.read_text()) == []
            body = re.sub(r"<(script|style).*?</\1>", "", ended.stdout, flags=re.DOTALL)
            text = html.unescape(" ".join(re.sub("<[^>]*>", " ", body).split()))
            if UNREAD not in text:
                break
        return text

    return show


def anchor_of(run: Path, test: str) -> str:
    history = json.loads((run.parent / "state" / "allure-history.jsonl").read_text().splitlines()[-1])
    (found,) = [result["id"] for result in history["testResults"].values() if result["name"] == test]
    return f"#{found}"


def test_two_hundred_tests_take_ten_seconds_at_most(made):
    assert made[1] <= 10


def test_controls_are_found_by_family(shown):
    text = shown()
    assert "EXE: Execution client (Geth)" in text
    assert "EXE-002: Each node has at least the threshold's number of peers." in text
    assert "Failed 1 Passed 201" in text


def test_a_failure_shows_what_it_left(run, shown):
    text = shown(anchor_of(run, "test_peers"))
    assert "geth-1 has 0 of 2 peers" in text
    assert "Claims that do not hold" in text
    assert "pods.txt" in text


def test_a_picture_is_found(run, shown):
    assert "who reaches whom image/svg+xml" in shown(anchor_of(run, "test_matrix"))


def test_a_page_that_is_made_again_is_no_further_run(run, made):
    paths = Paths(root=ROOT, state=run.parent / "state", cache=Paths.of(ROOT).cache)
    page.make(paths, run)
    assert len((run.parent / "state" / "allure-history.jsonl").read_text().splitlines()) == 1
