"""Wrong changes to what Argo CD is told that are more than one text in one file; the others stand in mistakes/charts.toml."""

from __future__ import annotations

from pathlib import Path

from plumbline.faults.actions.mistakes import replace
from plumbline.faults.registry import mutation

_ARGO = "charts/gitops"


@mutation("production-first", breaks="GIT-001", injured=_ARGO)
def production_first(copy: Path) -> None:
    """A change reaches production before anybody else has seen it."""
    values = copy / _ARGO / "values.prod.yaml"
    replace(values, "- name: dev\n  cluster: dev\n", "- name: later\n  cluster: dev\n")
    replace(values, "- name: prod\n", "- name: dev\n")
    replace(values, "- name: later\n", "- name: prod\n")
    replace(values, "revision: main\n  suffix", "revision: v0.1.0\n  suffix")


@mutation("definition-forgotten", breaks="GIT-001", injured="ServiceMonitor")
def definition_forgotten(copy: Path) -> None:
    """Nobody deploys the definition of a kind that charts use."""
    values = copy / "charts" / "gitops-applications" / "values.prod.yaml"
    text = values.read_text()
    start = text.index("- name: monitoring-definitions")
    replace(values, text[start : text.index("\n\n", start)], "")
