"""The charts, rendered once for all tests of this folder."""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # chartrender.py

import chartrender
from chartrender import Helm, Rendering


@pytest.fixture(scope="session")
def helm() -> Helm:
    program = chartrender.find_helm()
    if program is None:
        pytest.fail('helm is neither in .plumbline/bin nor on PATH: run "plumbline images tools"', pytrace=False)
    return Helm(chartrender.CHARTS, Path(program))


@pytest.fixture(scope="session")
def renderings(helm: Helm) -> dict[str, Rendering]:
    """Every way of charts/renderings.yaml, rendered."""

    def render(way: chartrender.Way) -> Rendering:
        done = helm.render(way)
        assert done.ok, f"{way}: {done.stderr}"
        return Rendering(way, done.stdout)

    with ThreadPoolExecutor(4) as pool:
        return {str(each.way): each for each in pool.map(render, chartrender.ways())}


@pytest.fixture(params=[str(way) for way in chartrender.ways()])
def rendering(request: pytest.FixtureRequest, renderings: dict[str, Rendering]) -> Rendering:
    """Each rendering in turn."""
    return renderings[request.param]


@pytest.fixture(params=[str(way) for way in chartrender.ways() if way.is_local])
def local_rendering(request: pytest.FixtureRequest, renderings: dict[str, Rendering]) -> Rendering:
    """Each rendering of the local stack in turn."""
    return renderings[request.param]


@pytest.fixture
def local_stack(renderings: dict[str, Rendering]) -> list[Rendering]:
    """All renderings of the local stack."""
    return [each for each in renderings.values() if each.way.is_local]
