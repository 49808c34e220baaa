"""promtool: unit tests of many rules in one call (https://prometheus.io/docs/prometheus/latest/command-line/promtool/)."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from plumbline.components.alerting.rules import Rule
from plumbline.core import shell
from plumbline.core.errors import PlumblineError

_WITHIN_S = 300.0
_MEMORY = Path("/dev/shm")  # noqa: S108  (tempfile makes the names in it)


Tested = tuple[
    Rule, Mapping[str, Any]
]  # a rule, and the tests that it is put to: its own, or those of the one it was altered from


@dataclass(frozen=True)
class Promtool:
    """The program."""

    program: Path

    def failures(self, tested: Mapping[str, Tested]) -> dict[str, str]:
        """Return what it says of each that fails its tests, by its key; one call for all of them.

        Raises:
            PlumblineError: it does not tell of each of them.
        """
        # It makes a database for each test and waits for the disk each time: where there is a folder in memory, it is done there.
        memory = _MEMORY if os.access(_MEMORY, os.W_OK) else None
        with tempfile.TemporaryDirectory(prefix="plumbline-rules-", dir=memory) as name:
            folder = Path(name)
            files = [_write(folder, str(number), *each) for number, each in enumerate(tested.values())]
            result = folder / "result.xml"
            argv = [str(self.program.absolute()), "test", "rules", f"--junit={result}", *files]
            ended = shell.run(argv, within_s=_WITHIN_S, env={"TMPDIR": name}, cwd=folder, check=False)
            suites = list(ElementTree.parse(result).getroot()) if result.is_file() else []  # noqa: S314  (promtool wrote it just now)
        if len(suites) != len(files):
            raise PlumblineError(f"promtool tells of {len(suites)} of {len(files)} files: {shell.gist(ended.stderr)}")
        said = {key: _said(suite) for key, suite in zip(tested, suites, strict=True)}
        return {key: text for key, text in said.items() if text}


def _write(folder: Path, name: str, rule: Rule, tests: Mapping[str, Any]) -> str:
    """Write a rule and its tests, and return the file of the tests; what the rule says is left out, or they would repeat it."""
    of_rule, of_tests = folder / f"{name}.rules.json", folder / f"{name}.test.json"
    alert = {"alert": rule.name, "expr": rule.expr, "for": f"{rule.for_s}s", "labels": dict(rule.labels)}
    of_rule.write_text(json.dumps({"groups": [{"name": rule.chart, "rules": [alert]}]}))
    of_tests.write_text(json.dumps({"rule_files": [of_rule.name], **tests}))
    return of_tests.name


def _said(suite: ElementTree.Element) -> str:
    """Return what failed of a file; empty where nothing did."""
    failed = [
        (case.get("name", ""), each.text or "") for case in suite for each in case if each.tag in ("failure", "error")
    ]
    return "\n".join(f"{name}:\n{text.rstrip()}" for name, text in failed)
