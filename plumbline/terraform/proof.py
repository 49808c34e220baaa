"""Everything that is proved of a copy of terraform/, each question answered once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from pathlib import Path

from plumbline.terraform import checkov, differences, excuses, interface, roots, versions
from plumbline.terraform.findings import Finding
from plumbline.terraform.plan import Plan
from plumbline.terraform.policies.cluster import POOL
from plumbline.terraform.policies.data import given_values
from plumbline.terraform.policies.images import admits
from plumbline.terraform.policies.registry import judge
from plumbline.terraform.roots import Root
from plumbline.terraform.workbench import NotPlanned, Workbench

Look = Callable[[], list[Finding]]
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
        return roots.environments()

    @property
    def examples(self) -> list[Root]:
        """The examples, and the bucket of the state."""
        return roots.examples(self.bench.tree)

    @property
    def roots(self) -> list[Root]:
        """Everything that can be planned, production first."""
        return [*reversed(self.environments), *self.examples]

    def environment(self, name: str) -> Root:
        """Return an environment by its name."""
        return next(root for root in self.environments if root.name == name)

    def unformatted(self) -> list[Finding]:
        """Return the files that are not formatted."""
        return self.bench.format()

    def unbounded(self) -> list[Finding]:
        """Return the versions that are not bounded."""
        return versions.unbounded(self.bench.tree, self.bench.schemas)

    def undescribed(self) -> list[Finding]:
        """Return the variables and outputs that are not described, and the READMEs that say something else than the code."""
        return [*interface.undescribed(self.bench.tree), *interface.outdated(self.bench.tree)]

    def invalid(self) -> list[Finding]:
        """Return what is not valid, in any root or module."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            found = pool.map(self.bench.validate, self._folders())
        return sorted({finding for findings in found for finding in findings})

    @cached_property
    def unexcused(self) -> list[Finding]:
        """What checkov finds in the plans and no row of its table excuses, and the rows that excuse nothing."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            plans = list(pool.map(self.plan, self.roots))
        return excuses.unexcused(checkov.judge(self.bench.checkov, plans), self.bench.tree)

    def notices(self, check: str, injured: str) -> Finding | None:
        """Return the finding of a check that names something, None where it does not notice; no more is tried than needed."""
        looks: Mapping[str, list[Look]] = {
            "format": [self.unformatted],
            "valid": [partial(self.bench.validate, root) for root in self._folders()],
            versions.CHECK: [self.unbounded],
            interface.UNDESCRIBED: [self.undescribed],
            excuses.CHECK: [lambda: self.unexcused],
        }
        likeliest = sorted(self.roots, key=lambda root: not injured.startswith(f"{root.name}: "))
        plans: list[Look] = [partial(self.broken, [root]) for root in likeliest]
        kind = excuses.CHECK if check.startswith(checkov.PREFIX) else check
        found = (finding for look in looks.get(kind, plans) for finding in look())
        return next((each for each in found if each.check == check and injured in each.where), None)

    def _folders(self) -> list[Root]:
        """Return one root of each folder, production first."""
        first: dict[str, Root] = {}
        for root in self.roots:
            first.setdefault(root.folder, root)
        return list(first.values())

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

    def names(self, environment: str) -> set[str]:
        """Return the names under which others know what an environment's plan makes, the classes of volumes and snapshots included."""
        plan = self.plan(self.environment(environment))
        given = [given_values(release) for release in plan.of("helm_release")]
        classes = {name for each in given for name in (*each["storageClasses"], each["snapshotClass"])}
        return classes | {name for each in plan.resources if isinstance(name := each.value("name"), str)}

    def machines(self, environment: str) -> dict[str, str]:
        """Return the type of an environment's machines, by pool."""
        pools = self.plan(self.environment(environment)).of(POOL)
        return {pool.value("name"): pool.value("node_config", "machine_type") for pool in pools}

    def refused_images(self, environment: str, images: Iterable[str]) -> list[str]:
        """Return the images that an environment's policy lets in neither by name nor, as nothing here is signed, otherwise."""
        (policy,) = self.plan(self.environment(environment)).of("google_binary_authorization_policy")
        patterns = [each["name_pattern"] for each in policy.each("admission_whitelist_patterns")]
        return sorted(image for image in images if not any(admits(pattern, image) for pattern in patterns))

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

    def undocumented_differences(self, checkout: Path) -> list[Finding]:
        """Return in what the environments differ though the documents do not say so, and the reverse."""
        return differences.undocumented([self.plan(root) for root in self.environments], checkout)

    def _judged(self, root: Root) -> list[Finding]:
        try:
            return judge(self.plan(root))
        except NotPlanned as reason:
            return reason.findings
