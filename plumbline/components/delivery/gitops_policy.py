"""What the deployment by Argo CD must hold to: questions to what the ApplicationSets come to, each answered by what offends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from plumbline.components.delivery.gitops import CHILDREN, ROOT, SETS, Deployment, GitOps, expanded, steps
from plumbline.components.delivery.renderings import CLOUD, Rendering, title
from plumbline.components.delivery.schemas import DEFINED_IN, UNPUBLISHED, group
from plumbline.core.paths import Paths
from plumbline.kube.api import Object

_DEFINITIONS, _SECRETS = "definitions", "secrets"  # projects
# Projects, each needing those before it; those of one row come together.
ORDER = ((_DEFINITIONS,), ("namespaces",), ("controllers",), (_SECRETS,), ("monitoring", "workloads"))
_RANK = {project: rank for rank, projects in enumerate(ORDER) for project in projects}
_KEPT = (_DEFINITIONS, _SECRETS)  # never taken away by Argo CD
_UNSEALER = "sealed-secrets"  # chart
_PRUNED_WITH_ALL = "Prune=false"
_OF_THE_CLUSTER = frozenset(
    {
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "IngressClass",
        "Namespace",
        "PriorityClass",
        "StorageClass",
        "ValidatingAdmissionPolicy",
        "ValidatingAdmissionPolicyBinding",
        "VolumeSnapshotClass",
    }
)


def differences(gitops: GitOps) -> Iterator[str]:
    """Yield where an environment is not made of the same charts as the others, or not of all that production has."""
    wanted = {way.chart for way in gitops.charts.of(CLOUD[-1])}
    for environment in CLOUD:
        own = [each for each in gitops.deployments if each.environment == environment]
        ways = {way.chart: way for way in gitops.charts.of(environment)}
        for chart in sorted(wanted ^ {each.chart for each in own if each.chart}):
            yield f"charts/{chart}: has values for production, and in {environment} is deployed " + (
                "nowhere" if chart in wanted else "without them"
            )
        for each in own:
            if each.chart in ways:
                source, way = each.spec["source"]["helm"], ways[each.chart]
                found = (source["releaseName"], each.spec["destination"]["namespace"], source["valueFiles"])
                promised = (way.release, way.namespace, [way.file, f"values.{environment}.yaml"])
                if found != promised:
                    yield f"charts/{each.chart}: {environment} deploys {found}, and what was proved is {promised}"
    for made in gitops.generated:
        source = made["spec"]["source"]
        own = [each for each in gitops.deployments if each.environment == source["helm"]["valuesObject"]["environment"]]
        ours = [each.spec["source"] for each in own if each.spec["source"]["repoURL"] == source["repoURL"]]
        revisions = {each["targetRevision"] for each in (source, *ours)}
        if len(revisions) != 1:
            yield f"charts/{CHILDREN}: {title(made)} deploys several revisions, {', '.join(sorted(revisions))}"


def disorder(gitops: GitOps) -> Iterator[str]:
    """Yield what comes too early: an environment, a set, or within one what others need."""
    if tuple(gitops.environments) != CLOUD:
        yield f"charts/{ROOT}: a change goes {' -> '.join(gitops.environments)}, not {' -> '.join(CLOUD)}"
    if tuple(each["metadata"]["name"] for each in gitops.sets) != SETS:
        yield f"charts/{ROOT}: the sets are synced {[each['metadata']['name'] for each in gitops.sets]}, not {SETS}"
    for each in gitops.sets:
        for made in expanded(each):
            taken = [step for step in steps(each) if _takes(step, made["metadata"]["labels"])]
            if len(taken) != 1:
                yield f"charts/{ROOT}: {title(made)} is synced in {len(taken)} steps of {title(each)}"
    for environment in CLOUD:
        own = [each for each in gitops.deployments if each.environment == environment]
        for one in own:
            for other in own:
                if _RANK[one.spec["project"]] < _RANK[other.spec["project"]] and one.wave >= other.wave:
                    yield f"charts/{CHILDREN}: {other.name} is synced in {environment} before {one.name}, which it needs"


def undefined(gitops: GitOps, renderings: Sequence[Rendering]) -> Iterator[str]:
    """Yield kinds of objects that are deployed though nothing deploys their definition."""
    defined = {each.spec["source"]["repoURL"] for each in gitops.deployments if each.spec["project"] == _DEFINITIONS}
    for rendering in _deployed(gitops, renderings):
        for each in rendering.objects:
            of_kubernetes = "." not in group(each) or group(each).endswith(".k8s.io")
            module, _ = DEFINED_IN.get(group(each), ("", ""))
            if not of_kubernetes and group(each) not in UNPUBLISHED and repository(module) not in defined:
                yield f"charts/{rendering.way.chart}: nobody deploys the definition of {each['kind']} ({group(each)})"


def pinned(paths: Paths) -> dict[str, str]:
    """Return the version that this repository pins of each module which defines kinds of ours, by its Git repository."""
    from plumbline.images import upstream  # noqa: PLC0415  (the builder is needed by those who ask for versions only)

    return {repository(module): upstream.module_version(paths, module) for module, _ in DEFINED_IN.values()}


def unpinned(gitops: GitOps, versions: Mapping[str, str]) -> Iterator[str]:
    """Yield definitions that are not at the version that this repository pins; ``versions`` is by repository."""
    for each in gitops.deployments:
        source = each.spec["source"]
        if each.spec["project"] == _DEFINITIONS and source["targetRevision"] != versions.get(source["repoURL"]):
            pinned = versions.get(source["repoURL"], "nothing")
            yield f"charts/{CHILDREN}: {each.name} is at {source['targetRevision']}, and local/programs pins {pinned}"


def privileges(gitops: GitOps, renderings: Sequence[Rendering]) -> Iterator[str]:
    """Yield what a project permits beyond what is deployed by it, and what is deployed that it does not permit."""
    for name, project in gitops.projects.items():
        deployed = [each for each in gitops.deployments if each.spec["project"] == name]
        ours = {(each.chart, each.environment) for each in deployed}
        made = [each for r in renderings if (r.way.chart, r.way.name) in ours for each in r.objects]
        said = [*_unbounded(project), *_misplaced(project, deployed, made), *(_kinds(project, made) if made else ())]
        yield from (f"charts/{ROOT}: the project {name} {each}" for each in dict.fromkeys(said))


def _unbounded(project: Object) -> Iterator[str]:
    """Yield which of its bounds a project leaves open."""
    for key in ("sourceRepos", "destinations", "clusterResourceWhitelist", "namespaceResourceWhitelist"):
        if "*" in str(project.get(key, "")):
            yield f"permits everything (*) as {key}"
    if not (project.get("namespaceResourceWhitelist") or project.get("namespaceResourceBlacklist")):
        yield "permits every kind in its namespaces, since it names none"


def _misplaced(project: Object, deployed: Sequence[Deployment], made: Sequence[Object]) -> Iterator[str]:
    """Yield repositories, clusters and namespaces of what is deployed that a project does not permit."""
    for each in deployed:
        if each.spec["source"]["repoURL"] not in project["sourceRepos"]:
            yield f"does not permit {each.spec['source']['repoURL']}"
        if each.spec["destination"] not in project["destinations"]:
            yield f"does not permit {each.spec['destination']}"
    permitted = {each["namespace"] for each in project["destinations"]}
    for space in sorted({each["metadata"].get("namespace", "") for each in made} - permitted - {""}):
        yield f"does not permit the namespace {space}"


def _kinds(project: Object, made: Sequence[Object]) -> Iterator[str]:
    """Yield kinds that a project permits in vain, and those that it lacks."""
    for key, of_cluster in (("clusterResourceWhitelist", True), ("namespaceResourceWhitelist", False)):
        permitted = {(each["group"], each["kind"]) for each in project.get(key, [])}
        needed = {(group(each), each["kind"]) for each in made if (each["kind"] in _OF_THE_CLUSTER) is of_cluster}
        for of_group, kind in sorted(permitted - needed):
            yield f"permits {kind} ({of_group}), which nothing of it needs"
        for of_group, kind in sorted(needed - permitted):
            yield f"does not permit {kind} ({of_group}), which it deploys"


def unsealed(gitops: GitOps, renderings: Sequence[Rendering]) -> Iterator[str]:
    """Yield what comes after the secrets though none can be had in its namespace: not permitted there, or unsealed by nobody."""
    for each in gitops.deployments:
        if _RANK[each.spec["project"]] <= _RANK[_SECRETS]:
            continue
        if each.spec["destination"] not in gitops.projects[_SECRETS]["destinations"]:
            yield f"charts/{ROOT}: the project {_SECRETS} permits none for {title(each.application)}"
        if each.spec["destination"]["namespace"] not in _unsealing(renderings, each.environment):
            yield f"charts/{_UNSEALER}: nobody unseals those of {title(each.application)}"


def _unsealing(renderings: Sequence[Rendering], environment: str) -> set[str]:
    """Return the namespaces in which the controller may make Secrets."""
    return {
        role["metadata"]["namespace"]
        for rendering in renderings
        if (rendering.way.chart, rendering.way.name) == (_UNSEALER, environment)
        for role in rendering.of_kind("Role")
        if any("secrets" in rule["resources"] and "create" in rule["verbs"] for rule in role["rules"])
    }


def unkept(gitops: GitOps, renderings: Sequence[Rendering]) -> Iterator[str]:
    """Yield what Argo CD would not put back as Git has it, and what it would take away though much goes with it."""
    for each in gitops.deployments:
        automated = each.spec.get("syncPolicy", {}).get("automated", {})
        if not automated.get("selfHeal"):
            yield f"charts/{CHILDREN}: what is changed by hand in {title(each.application)} stays so"
        if bool(automated.get("prune")) == (each.spec["project"] in _KEPT):
            kept = "is not taken away" if each.spec["project"] not in _KEPT else "would be taken away"
            yield f"charts/{CHILDREN}: {title(each.application)}: what is gone from Git {kept}"
        if "retry" not in each.spec.get("syncPolicy", {}):
            yield f"charts/{CHILDREN}: {title(each.application)}: a sync that fails once is not tried again"
    for of_one in gitops.sets:
        if not of_one["spec"].get("syncPolicy", {}).get("preserveResourcesOnDeletion"):
            yield f"charts/{ROOT}: with {title(of_one)} would go all that it deployed"
    for rendering in renderings:
        for made in rendering.of_kind("Namespace"):
            if _PRUNED_WITH_ALL not in made["metadata"].get("annotations", {}).get(
                "argocd.argoproj.io/sync-options", ""
            ):
                yield f"charts/{rendering.way.chart}: {title(made)} would be taken away, with all that is in it"


def promoted(gitops: GitOps, environment: str, revision: str) -> set[str]:
    """Return the environments whose Applications a commit changes that sets the revision of one."""
    way = gitops.root.way
    values = gitops.charts.values(way)["environments"]
    changed = [{**each, "revision": revision} if each["name"] == environment else each for each in values]
    after = Rendering(way, gitops.charts.render(way, {"environments": changed}).stdout)
    new = {title(made): made for each in after.of_kind("ApplicationSet") for made in expanded(each)}
    old = {title(made): made for made in gitops.generated}
    return {name.partition("/")[2].partition("-")[0] for name in old | new if old.get(name) != new.get(name)}


def repository(module: str) -> str:
    """Return the Git repository of a Go module on GitHub."""
    return f"https://{'/'.join(module.split('/')[:3])}.git"


def _takes(step: Object, labels: Object) -> bool:
    """Return whether a step of an ApplicationSet takes an Application."""
    return all(
        labels.get(each["key"]) in each["values"] for each in step["matchExpressions"] if each["operator"] == "In"
    )


def _deployed(gitops: GitOps, renderings: Sequence[Rendering]) -> Iterator[Rendering]:
    """Yield the renderings that are deployed by an Application."""
    deployed = {(each.chart, each.environment) for each in gitops.deployments}
    return (each for each in renderings if (each.way.chart, each.way.name) in deployed)
