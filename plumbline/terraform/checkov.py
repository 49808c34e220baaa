"""What checkov finds in plans: the rules for Google Cloud that others keep, beside ours in ``policies``.

https://www.checkov.io/7.Scan%20Examples/Terraform%20Plan%20Scanning.html
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from plumbline.core import shell
from plumbline.terraform.findings import Finding
from plumbline.terraform.plan import Plan

PREFIX = "CKV"  # of the names of its checks: https://www.checkov.io/5.Policy%20Index/terraform.html
_WITHIN_S = 120.0
# Left to itself it asks for newer releases, and where the user has an account with its maker, sends there what it finds.
_ALONE = ("env", "-i", "CKV_SKIP_PACKAGE_UPDATE_CHECK=true")
_ARGUMENTS = ("--framework=terraform_plan", "--skip-download", "--soft-fail", "--compact", "--output=json")


def judge(program: Path, plans: Sequence[Plan]) -> list[Finding]:
    """Return what checkov finds in plans, and those in which it looked at nothing.

    Args:
        program: the pinned checkov.
        plans: what is judged; all at once, since it takes seconds to start.
    """
    with TemporaryDirectory(prefix="plumbline-checkov-") as folder:
        files = {str(Path(folder, f"{number}.json")): plan for number, plan in enumerate(plans)}
        for file, plan in files.items():
            Path(file).write_text(json.dumps(plan.raw))
        asked = [*_ARGUMENTS, *(f"--file={file}" for file in files)]
        said = shell.run([*_ALONE, f"HOME={folder}", program, *asked], within_s=_WITHIN_S, cwd=Path(folder)).stdout
    results = json.loads(said).get("results", {})
    failed, passed = results.get("failed_checks", []), results.get("passed_checks", [])
    unread = files.keys() - {each["file_abs_path"] for each in (*failed, *passed)}
    return sorted(
        {
            *(_finding(files[each["file_abs_path"]], each) for each in failed),
            *(Finding(PREFIX, files[file].name, "checkov looked at nothing in this plan") for file in unread),
        }
    )


def _finding(plan: Plan, failed: dict[str, str]) -> Finding:
    return Finding(failed["check_id"], f"{plan.name}: {failed['resource']}", f'does not pass "{failed["check_name"]}"')
