"""IAC: the code that production's platform is made by, planned without a cloud by the providers' published schemas."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import yaml

from plumbline.components.delivery import core_install
from plumbline.components.delivery.renderings import CLOUD, PROD, containers, pod, title
from reports.evidence import attach, figure

if TYPE_CHECKING:
    from collections.abc import Iterable

    from plumbline.components.delivery.renderings import Rendering
    from plumbline.components.delivery.schemas import Schemas
    from plumbline.faults.mistakes import Mistake
    from plumbline.kube.api import Object
    from plumbline.terraform.proof import Proof

ADDRESS = "kubernetes.io/ingress.global-static-ip-name"  # https://cloud.google.com/kubernetes-engine/docs/concepts/ingress-xlb
GKE_AGENTS = 0.5  # processors that its own pods reserve on each node
GKE_CLASSES = {
    "standard-rwo",
    "premium-rwo",
}  # https://cloud.google.com/kubernetes-engine/docs/concepts/persistent-volumes


@pytest.mark.control("IAC-001")
def test_the_code_is_formatted(terraform: Proof) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: have OpenTofu format every file.
    Expected: it changes none.
    """
    found = terraform.unformatted()

    assert not found, lines(found)


@pytest.mark.control("IAC-001")
def test_every_argument_and_reference_is_valid(terraform: Proof) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: have OpenTofu validate each root with its modules, the providers' schemas being those of their published bindings.
    Expected: every resource, argument, block and reference is one that there is, and has the right type.
    """
    for schema in terraform.bench.schemas:
        figure(
            f"types of {schema.provider} {schema.version}", len(schema.resources) + len(schema.data_sources), "types"
        )
    found = terraform.invalid()

    assert not found, lines(found)


@pytest.mark.control("IAC-001")
def test_every_version_is_bounded(terraform: Proof) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: read which Terraform and which providers each folder is for.
    Expected: each has a lower and an upper bound, and the version whose schema is checked lies between them.
    """
    found = terraform.unbounded()

    assert not found, lines(found)


@pytest.mark.control("IAC-001")
def test_every_variable_and_output_is_described(terraform: Proof) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: read the variables and outputs of each folder, and its README.
    Expected: variables have a type and a description, outputs a description, and the README's tables say the same.
    """
    found = terraform.undescribed()

    assert not found, lines(found)


@pytest.mark.control("IAC-002")
@pytest.mark.parametrize("environment", CLOUD)
def test_the_plan_keeps_every_promise(terraform: Proof, environment: str) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: plan the environment in its workspace, with its values; hold each rule of plumbline/terraform/policies to the plan.
    Expected: it is planned, and breaks none of them.
    """
    found = terraform.broken([terraform.environment(environment)])

    assert not found, lines(found)


@pytest.mark.control("IAC-002")
def test_the_examples_keep_every_promise(terraform: Proof) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: plan each example, and the bucket of the state; hold each rule to the plans.
    Expected: they are planned, and break none.
    """
    found = terraform.broken(terraform.examples)

    assert not found, lines(found)


@pytest.mark.control("IAC-002")
def test_checkov_finds_only_what_is_excused(terraform: Proof) -> None:
    """Preconditions: none; no cluster, no cloud and no network is needed.
    Steps: have checkov judge the plans of all environments and examples, alone: without account, settings and updates.
    Expected: it looks at each plan, and finds what terraform/checkov.toml excuses with a reason, and nothing else; each row there
    is needed.
    """
    found = terraform.unexcused

    assert not found, lines(found)


@pytest.mark.control("IAC-002")
@pytest.mark.parametrize("workspace", ["prod", "default"])
def test_values_are_refused_in_another_workspace(terraform: Proof, workspace: str) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: plan with the values of dev in the workspace prod, and in the one that there is before one is chosen.
    Expected: both are refused, with the reason.
    """
    said = terraform.refused(terraform.environment("dev"), workspace)

    assert "another environment than the workspace" in said, (
        f"planned: terraform/env/dev.tfvars passes in {workspace}: {said}"
    )


@pytest.mark.control("IAC-002")
def test_environments_differ_where_the_documents_say(terraform: Proof, pytestconfig: pytest.Config) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: compare the plans of dev and stage with production's, names and projects of the environment aside.
    Expected: they differ in the arguments that the table in docs/production-gcp.md lists, and in no others.
    """
    found = terraform.undocumented_differences(pytestconfig.rootpath)

    assert not found, lines(found)


@pytest.mark.control("IAC-002")
def test_the_chart_names_what_is_made(terraform: Proof, pytestconfig: pytest.Config) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: look in production's plan for what Geth's chart names in its values for production: the load balancer's address and
    policies, the classes of volumes and of snapshots, the pool of nodes.
    Expected: each is made under this name, or GKE has it by itself.
    """
    values = yaml.safe_load((pytestconfig.rootpath / "charts/geth-node/values.prod.yaml").read_text())
    named = {values["ingress"]["annotations"][ADDRESS], values["gke"]["securityPolicy"], values["gke"]["sslPolicy"]}
    named |= {values["persistence"]["storageClass"], values["snapshots"]["className"]}
    named |= set(values.get("nodeSelector", {}).values())

    missing = named - terraform.names(PROD) - GKE_CLASSES

    assert not missing, f"charts/geth-node/values.prod.yaml names {', '.join(sorted(missing))}, which nothing makes"


@pytest.mark.control("IAC-002")
@pytest.mark.parametrize("environment", CLOUD)
def test_pods_fit_on_the_machines_of_their_pool(
    terraform: Proof, renderings: list[Rendering], environment: str
) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: compare the processors that pods reserve with those that a machine of the pool which they ask for has to spare.
    Expected: each pod that asks for a pool fits; and of the dedicated pools, ingress and workloads, each has such pods.
    """
    machines = terraform.machines(environment)
    own = [each for found in renderings if found.way.name == environment for each in found.workloads]
    asking = [(each, pool) for each in own if (pool := pod(each).get("nodeSelector", {}).get("pool"))]

    too_large = [title(each) for each, pool in asking if reserved(each) > spare(machines[pool])]

    assert not too_large, f"no machine of the pool takes {', '.join(too_large)}"
    assert {pool for _, pool in asking} == {"ingress", "workloads"}


def reserved(workload: Object) -> float:
    """Return the processors that a pod reserves."""
    cpus = [container["resources"]["requests"]["cpu"] for container in containers(workload)]
    return sum(float(cpu.removesuffix("m")) / (1000 if cpu.endswith("m") else 1) for cpu in cpus)


def spare(machine: str) -> float:
    """Return the processors that a machine has for pods other than GKE's own."""
    shared = {"e2-small": 0.94}  # https://cloud.google.com/kubernetes-engine/docs/concepts/plan-node-sizes
    return (shared.get(machine) or int(machine.rpartition("-")[2]) - 0.1) - GKE_AGENTS


@pytest.mark.control("IAC-002")
def test_every_image_of_production_may_run(terraform: Proof, renderings: list[Rendering], schemas: Schemas) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: compare the images of what the charts come to in production, and of Argo CD, with the patterns of its policy of images.
    Expected: a pattern stands for each.
    """
    workloads = [each for found in renderings if found.way.name == PROD for each in found.workloads]
    images = {container["image"] for workload in workloads for container in containers(workload)}
    assert images, "no chart has an image in production, so nothing is proved"

    refused = terraform.refused_images(PROD, images | core_install.production_images(schemas.paths))

    assert not refused, f"image-policy: terraform.tfvars: no pattern stands for {', '.join(refused)}"


@pytest.mark.control("IAC-002")
def test_the_provider_itself_plans_the_same(terraform_online: Proof) -> None:
    """Preconditions: a GCP project (GOOGLE_PROJECT), credentials, and the registry that has the providers.
    Steps: plan production with the google provider itself; hold each rule to that plan.
    Expected: it is planned, and breaks none of them.
    """
    found = terraform_online.broken([terraform_online.environment(PROD)])

    assert not found, lines(found)


@pytest.mark.control("IAC-003")
def test_each_mistake_is_noticed_by_its_check(mistakes: list[Mistake]) -> None:
    """Preconditions: none; no cluster and no cloud is needed.
    Steps: make each registered mistake in a copy of terraform/ of its own, and have the copy checked.
    Expected: for each, the check that is named for it notices it, and names what is wrong.
    """
    from plumbline.faults.mistakes import table  # noqa: PLC0415

    attach("mistakes and the checks that notice them", "\n".join(table(mistakes)), "text/markdown")
    figure("mistakes made", len(mistakes), "mistakes")
    missed = [
        f"{each.fault.check}: {each.fault.injured}: {each.fault.summary}" for each in mistakes if not each.finding
    ]

    assert not missed, "\n".join(missed)


def lines(found: Iterable[object]) -> str:
    """Return findings one below the other."""
    return "\n".join(map(str, found))
