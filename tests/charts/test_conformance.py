"""The harness by itself: runs in shares, results that are merged, and no right beyond those of the published account."""

from __future__ import annotations

import tomllib

import pytest
import yaml
from chartrender import ROOT, Object, Rendering, containers, pod

from plumbline.components.existing import reader
from plumbline.components.existing.nightly import IMAGE, RESULTS, Nightly
from plumbline.images import recipes
from plumbline.kube.selectors import selects
from reports.keeper import _SHARE


@pytest.fixture(scope="session")
def chart(renderings: dict[str, Rendering]) -> Rendering:
    return renderings["conformance-nightly"]


@pytest.fixture(scope="session")
def job(chart: Rendering) -> Object:
    return chart.one("CronJob")["spec"]["jobTemplate"]  # type: ignore[no-any-return]


def option(job: Object, name: str) -> str:
    (container,) = containers(job)
    (value,) = [word.partition("=")[2] for word in container["args"] if word.startswith(f"--{name}=")]
    return value  # type: ignore[no-any-return]


def test_a_run_has_a_pod_for_each_share(job: Object) -> None:
    (container,) = containers(job)
    env = {each["name"]: each.get("valueFrom", {}).get("fieldRef", {}).get("fieldPath") for each in container["env"]}

    spec = job["spec"]

    assert (spec["completionMode"], spec["completions"], spec["parallelism"]) == ("Indexed", 2, 2)
    assert option(job, "shard") == "$(SHARD)/2"
    assert env["SHARD"] == "metadata.labels['batch.kubernetes.io/job-completion-index']"
    assert env["RUN"] == "metadata.labels['batch.kubernetes.io/job-name']"


def test_a_control_that_failed_is_not_tried_until_it_passes(job: Object) -> None:
    (rule,) = job["spec"]["podFailurePolicy"]["rules"]

    assert job["spec"]["backoffLimitPerIndex"] == 1, "what kept a share from judging is tried once more"
    assert (rule["action"], rule["onExitCodes"]["values"]) == ("FailIndex", [int(pytest.ExitCode.TESTS_FAILED)])
    assert rule["onExitCodes"]["containerName"] == containers(job)[0]["name"]


def test_results_are_handed_in_where_they_are_kept(chart: Rendering, job: Object) -> None:
    url = option(job, "hand-in").replace("$(RUN)", "nightly-1").replace("$(SHARD)", "1")
    host, _, path = url.removeprefix("http://").partition(":8080")
    service = chart.one("Service", RESULTS)["spec"]

    assert host == f"{RESULTS}.{reader.NAMESPACE}.svc.cluster.local"
    assert _SHARE.fullmatch(path)
    assert [port["port"] for port in service["ports"]] == [8080]
    assert selects(
        {"matchLabels": service["selector"]}, chart.one("Deployment")["spec"]["template"]["metadata"]["labels"]
    )


def test_it_is_the_published_account_and_is_given_nothing(chart: Rendering, job: Object) -> None:
    published = yaml.safe_load_all((ROOT / "local" / "existing" / "reader.yaml").read_text())
    (account,) = [each["metadata"] for each in published if each["kind"] == "ServiceAccount"]

    assert (chart.way.namespace, pod(job)["serviceAccountName"]) == (account["namespace"], account["name"])
    assert chart.of_kind("Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding") == []
    assert pod(chart.one("Deployment"))["automountServiceAccountToken"] is False


def test_the_map_is_the_one_that_is_given(chart: Rendering, job: Object) -> None:
    text = chart.one("ConfigMap", "nightly-map")["data"]["map.toml"]
    (mounted,) = [each["mountPath"] for each in containers(job)[0]["volumeMounts"] if each["name"] == "map"]

    assert option(job, "map") == f"{mounted}/map.toml"
    assert tomllib.loads(text)["cluster"]["namespaces"] == ["ethereum"]


def test_its_image_starts_what_the_chart_asks_for(chart: Rendering, job: Object) -> None:
    recipe = recipes.load(ROOT / "local" / "images")["harness"]
    state = next(each["mountPath"] for each in containers(job)[0]["volumeMounts"] if each.get("subPath") == "state")

    assert {each["image"] for each in (*containers(job), *containers(chart.one("Deployment")))} == {IMAGE}
    assert Nightly.own_images == (recipe.ref,)
    assert recipe.entrypoint == ("python3", "-m")
    assert state == f"{recipe.workdir}/.plumbline"


def test_the_release_of_the_probes_has_nothing_of_it(renderings: dict[str, Rendering], chart: Rendering) -> None:
    probes = renderings["conformance-local"]
    kinds = ("CronJob", "PersistentVolumeClaim", "ServiceMonitor", "PrometheusRule")

    assert probes.of_kind(*kinds) == []
    assert chart.of_kind("DaemonSet") == []
