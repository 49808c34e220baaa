"""EVD: what a run leaves can be checked by somebody who trusts nobody but the signer."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest

from plumbline.core import shell
from plumbline.images import lock
from reports.evidence import attach

if TYPE_CHECKING:
    from pathlib import Path

    from fixtures.run import RunInfo
    from plumbline.stack import Stack

NOBODY = {"PATH": "/nowhere", "KUBECONFIG": "/nowhere", "DOCKER_HOST": "unix:///nowhere"}


@pytest.mark.control("EVD-001")
def test_evidence_verifies_offline(stack: Stack, run: RunInfo, sealed_run: Path) -> None:
    """Preconditions: the evidence of the latest run with a stack that came to its end; on a machine's first one, of what that
    found so far, sealed as its end will be.
    Steps: verify it by the command that users have, in a process that finds no cluster, no engine and no program.
    Expected: it is whole and as it was sealed; it names the commit that was tested, and the digest of each image, which are all
    images of the lock.
    """
    argv = [sys.executable, "-m", "plumbline", "report", "verify", sealed_run]

    verified = shell.run(argv, within_s=60, cwd=run.paths.root, env=NOBODY, check=False)
    attach("plumbline report verify", verified.stdout)

    assert verified.ok, verified.stderr
    assert re.search(r"^commit  [0-9a-f]{40}(-dirty)?$", verified.stdout, re.MULTILINE), "the seal names no commit"
    images = re.findall(r"^image   (\S+)  sha256:[0-9a-f]{64}$", verified.stdout, re.MULTILINE)
    assert images, "the seal names no image"
    foreign = [ref for ref in images if lock.load(stack.site.paths.root).by_ref(ref) is None]
    assert not foreign, f"{', '.join(foreign)} ran and is no image of the lock"
