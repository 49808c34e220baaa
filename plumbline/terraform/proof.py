"""Everything that is proved of a copy of terraform/, each question answered once."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import partial

from plumbline.terraform import interface, roots, versions
from plumbline.terraform.findings import Finding
from plumbline.terraform.plan import Plan
from plumbline.terraform.policies.registry import judge
from plumbline.terraform.roots import Root
from plumbline.terraform.workbench import NotPlanned, Workbench

_AT_ONCE = 2  # each OpenTofu keeps more than one processor busy


@dataclass(frozen=True)
class Proof:
    """The checks of one copy of terraform/.

    Attributes:
        bench: the copy, and OpenTofu.
    """

    bench: Workbench
    _plans: dict[Root, Plan | NotPlanned] = field(default_factory=dict)

    @property
    def environments(self) -> list[Root]:
        """The environments."""
        return roots.environments(self.bench.tree)

    @property
    def roots(self) -> list[Root]:
        """Everything that can be planned, production first."""
        return [*reversed(self.environments), *roots.examples(self.bench.tree)]

    def unformatted(self) -> list[Finding]:
        """Return the files that are not formatted."""
        return self.bench.format()

    def unbounded(self) -> list[Finding]:
        """Return the versions that are not bounded."""
        return versions.unbounded(self.bench.tree, self.bench.schemas)

    def undescribed(self) -> list[Finding]:
        """Return the variables and outputs that are not described, and the READMEs that say something else than the code."""
        return [*interface.undescribed(self.bench.tree), *interface.outdated(self.bench.tree)]

    def notices(self, check: str, injured: str) -> Finding | None:
        """Return the finding of a check that names something, None where it does not notice; no more is tried than needed."""
        static = {
            "format": self.unformatted,
            versions.CHECK: self.unbounded,
            interface.UNDESCRIBED: self.undescribed,
            "valid": self.invalid,
        }
        looks = [static[check]] if check in static else [partial(self.broken, [root]) for root in self.roots]
        found = (finding for look in looks for finding in look())
        return next((each for each in found if each.check == check and injured in each.where), None)

    def invalid(self) -> list[Finding]:
        """Return what is not valid, in any root or module."""
        folders = {root.folder: root for root in self.roots}
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = pool.map(self.bench.validate, folders.values())
        return sorted({finding for findings in found for finding in findings})

    def plan(self, root: Root) -> Plan:
        """Return the plan of a root.

        Raises:
            NotPlanned: there is none, and why.
        """
        if root not in self._plans:
            try:
                self._plans[root] = self.bench.plan(root)
            except NotPlanned as reason:
                self._plans[root] = reason
        found = self._plans[root]
        if isinstance(found, NotPlanned):
            raise found
        return found

    def broken(self, wanted: Iterable[Root]) -> list[Finding]:
        """Return every promise that the plans of these roots break; a root that cannot be planned keeps none."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return sorted(finding for findings in pool.map(self._judged, wanted) for finding in findings)

    def refused(self, values: Root, workspace: str) -> str:
        """Return why a root's values are refused in another workspace, or an empty text where they are taken."""
        try:
            self.bench.plan(replace(values, name=f"{values.name} in {workspace}", workspace=workspace))
        except NotPlanned as reason:
            return str(reason)
        return ""

    def _judged(self, root: Root) -> list[Finding]:
        try:
            return judge(self.plan(root))
        except NotPlanned as reason:
            return reason.findings
