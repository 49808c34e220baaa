"""Wrong changes to what production is made of, each of which a check must name: values, charts, and what Argo CD is told."""

from __future__ import annotations

from pathlib import Path

from plumbline.faults.registry import mutation

_GETH, _INGRESS, _SEALED, _NAMESPACES = (
    f"charts/{chart}" for chart in ("geth-node", "nginx-ingress", "sealed-secrets", "namespaces")
)
_ARGO, _APPLICATIONS = "charts/gitops", "charts/gitops-applications"


# -- values ---------------------------------------------------------------------------------------------------------------


@mutation("image-of-this-machine", breaks="CHT-001", injured=_GETH)
def image_of_this_machine(copy: Path) -> None:
    """Production's readiness program runs in an image that no registry has."""
    _replace(copy, f"{_GETH}/values.prod.yaml", "docker.io/library/python", "plumbline.local/toolbox")


@mutation("one-zone", breaks="CHT-001", injured=_GETH)
def one_zone(copy: Path) -> None:
    """Production's nodes may all be in one zone."""
    _replace(copy, f"{_GETH}/values.prod.yaml", "topologySpread:\n  enabled: true", "topologySpread:\n  enabled: false")


@mutation("one-node-in-production", breaks="CHT-001", injured=_GETH)
def one_node_in_production(copy: Path) -> None:
    """Production has one node, and nothing to fall back on."""
    _replace(copy, f"{_GETH}/values.prod.yaml", "replicas: 2", "replicas: 1")


@mutation("eviction-of-all", breaks="CHT-001", injured=_GETH)
def eviction_of_all(copy: Path) -> None:
    """Production's nodes may all be evicted at once."""
    _append(copy, f"{_GETH}/values.prod.yaml", "podDisruptionBudget:\n  enabled: false\n")


@mutation("spinning-disk", breaks="CHT-001", injured=_GETH)
def spinning_disk(copy: Path) -> None:
    """Production's nodes are on disks that cannot keep up with the head."""
    _replace(copy, f"{_GETH}/values.prod.yaml", "chain-ssd", "standard")


@mutation("scaled-away-data", breaks="CHT-001", injured=_GETH)
def scaled_away_data(copy: Path) -> None:
    """A node that is scaled away takes its data along."""
    _replace(copy, f"{_GETH}/values.prod.yaml", "  storageClass:", "  retention: {whenScaled: Delete}\n  storageClass:")


@mutation("no-certificate", breaks="CHT-001", injured=_GETH)
def no_certificate(copy: Path) -> None:
    """Production's JSON-RPC has no certificate."""
    _replace(copy, f"{_GETH}/values.prod.yaml", "managedCertificate: true", "managedCertificate: false")


@mutation("open-to-everybody", breaks="CHT-001", injured=_GETH)
def open_to_everybody(copy: Path) -> None:
    """Production's JSON-RPC has no Cloud Armor policy."""
    _replace(copy, f"{_GETH}/values.prod.yaml", "  securityPolicy: geth-rpc\n", "")


@mutation("let-in-from-anywhere", breaks="CHT-001", injured=_GETH)
def let_in_from_anywhere(copy: Path) -> None:
    """The firewall of production's nodes lets everybody in to JSON-RPC."""
    _replace(copy, f"{_GETH}/values.prod.yaml", "35.191.0.0/16", "0.0.0.0/0")


@mutation("address-in-the-internet", breaks="CHT-001", injured=_INGRESS)
def address_in_the_internet(copy: Path) -> None:
    """The inner ingress controller gets an address in the Internet."""
    old = "    annotations:\n      networking.gke.io/load-balancer-type: Internal\n"
    _replace(copy, f"{_INGRESS}/values.prod.yaml", old, "    annotations: {}\n")


@mutation("mode-that-is-gone", breaks="CHT-001", injured=_GETH)
def mode_that_is_gone(copy: Path) -> None:
    """Production's nodes synchronise in a mode that Geth no longer has."""
    _append(copy, f"{_GETH}/values.prod.yaml", "sync:\n  mode: light\n")


@mutation("difference-of-its-own", breaks="CHT-001", injured=_GETH)
def difference_of_its_own(copy: Path) -> None:
    """Stage differs from production where no table says so."""
    _append(copy, f"{_GETH}/values.stage.yaml", "cacheMiB: 1024\n")


@mutation("difference-that-is-gone", breaks="CHT-001", injured=_GETH)
def difference_that_is_gone(copy: Path) -> None:
    """Dev no longer differs where the table says so."""
    _replace(copy, f"{_GETH}/values.dev.yaml", "replicas: 1\n", "")


# -- charts ---------------------------------------------------------------------------------------------------------------


@mutation("field-that-no-api-has", breaks="CHT-001", injured=_GETH)
def field_that_no_api_has(copy: Path) -> None:
    """A template misspells a field, which the API server would drop or refuse."""
    _replace(copy, f"{_GETH}/templates/statefulset.yaml", "podManagementPolicy:", "podManagmentPolicy:")


@mutation("value-of-another-type", breaks="CHT-001", injured=_SEALED)
def value_of_another_type(copy: Path) -> None:
    """A template writes a word where the API takes a number."""
    _replace(copy, f"{_SEALED}/templates/deployment.yaml", "replicas: 1", "replicas: one")


@mutation("chart-without-a-version", breaks="CHT-001", injured=_SEALED)
def chart_without_a_version(copy: Path) -> None:
    """A chart has no version, so no release of it can be told from another."""
    _replace(copy, f"{_SEALED}/Chart.yaml", "version: 0.1.0\n", "")


@mutation("schema-that-takes-anything", breaks="CHT-001", injured=_SEALED)
def schema_that_takes_anything(copy: Path) -> None:
    """A chart's schema takes keys that the chart does not know."""
    _replace(copy, f"{_SEALED}/values.schema.json", '"additionalProperties": false', '"additionalProperties": true')


@mutation("root-in-production", breaks="CHT-001", injured=_SEALED)
def root_in_production(copy: Path) -> None:
    """A container of production runs as root."""
    _replace(copy, f"{_SEALED}/templates/deployment.yaml", "runAsNonRoot: true", "runAsNonRoot: false")


# -- what Argo CD is told ---------------------------------------------------------------------------------------------------


@mutation("production-first", breaks="GIT-001", injured=_ARGO)
def production_first(copy: Path) -> None:
    """A change reaches production before anybody else has seen it."""
    _replace(copy, f"{_ARGO}/values.prod.yaml", "- name: dev\n  cluster: dev\n", "- name: later\n  cluster: dev\n")
    _replace(copy, f"{_ARGO}/values.prod.yaml", "- name: prod\n", "- name: dev\n")
    _replace(copy, f"{_ARGO}/values.prod.yaml", "- name: later\n", "- name: prod\n")
    _replace(copy, f"{_ARGO}/values.prod.yaml", "revision: main\n  suffix", "revision: v0.1.0\n  suffix")


@mutation("everywhere-at-once", breaks="GIT-001", injured=_ARGO)
def everywhere_at_once(copy: Path) -> None:
    """A change reaches every environment at the same time."""
    _replace(copy, f"{_ARGO}/templates/applicationsets.yaml", "type: RollingSync", "type: AllAtOnce")


@mutation("workloads-before-the-platform", breaks="GIT-001", injured=_ARGO)
def workloads_before_the_platform(copy: Path) -> None:
    """Workloads are synced before the controllers that they need."""
    _replace(copy, f"{_ARGO}/templates/applicationsets.yaml", '"platform" "workloads"', '"workloads" "platform"')


@mutation("definitions-last", breaks="GIT-001", injured=_APPLICATIONS)
def definitions_last(copy: Path) -> None:
    """Kinds are defined after the controllers that serve them."""
    _replace(copy, f"{_APPLICATIONS}/templates/_helpers.tpl", '"definitions" "1"', '"definitions" "4"')


@mutation("secrets-last", breaks="GIT-001", injured=_APPLICATIONS)
def secrets_last(copy: Path) -> None:
    """Secrets come after the workloads that mount them."""
    _replace(copy, f"{_APPLICATIONS}/templates/_helpers.tpl", '"secrets" "1"', '"secrets" "3"')


@mutation("definition-forgotten", breaks="GIT-001", injured="ServiceMonitor")
def definition_forgotten(copy: Path) -> None:
    """Nobody deploys the definition of a kind that charts use."""
    text = (copy / _APPLICATIONS / "values.prod.yaml").read_text()
    start = text.index("- name: monitoring-definitions")
    _replace(copy, f"{_APPLICATIONS}/values.prod.yaml", text[start : text.index("\n\n", start)], "")


@mutation("definition-of-another-version", breaks="GIT-001", injured=_APPLICATIONS)
def definition_of_another_version(copy: Path) -> None:
    """Kinds are defined as in another version than everything was proved with."""
    _replace(copy, f"{_APPLICATIONS}/values.prod.yaml", "revision: v0.38.4", "revision: v0.38.3")


@mutation("chart-forgotten", breaks="GIT-001", injured=_INGRESS)
def chart_forgotten(copy: Path) -> None:
    """A chart with values for production is deployed nowhere."""
    old = "- name: nginx-ingress\n  project: controllers\n  chart: nginx-ingress\n  namespace: ingress-nginx\n"
    _replace(copy, f"{_APPLICATIONS}/values.prod.yaml", old, "")


@mutation("light-client-deployed", breaks="GIT-001", injured=_ARGO)
def light_client_deployed(copy: Path) -> None:
    """Argo CD deploys the light client."""
    added = "- name: helios\n  project: workloads\n  chart: helios\n  namespace: helios\n- name: geth\n"
    _replace(copy, f"{_APPLICATIONS}/values.prod.yaml", "- name: geth\n", added)


@mutation("another-namespace", breaks="GIT-001", injured=_GETH)
def another_namespace(copy: Path) -> None:
    """A chart goes where nobody has proved it."""
    _replace(copy, f"{_APPLICATIONS}/values.prod.yaml", "namespace: ethereum", "namespace: sealed-secrets")


@mutation("workloads-may-read-secrets", breaks="GIT-001", injured=_ARGO)
def workloads_may_read_secrets(copy: Path) -> None:
    """Who deploys workloads may deploy Secrets."""
    line = "  - {group: apps, kind: StatefulSet}\n"
    _replace(copy, f"{_ARGO}/values.prod.yaml", line, f'  - {{group: "", kind: Secret}}\n{line}')


@mutation("everything-permitted", breaks="GIT-001", injured=_ARGO)
def everything_permitted(copy: Path) -> None:
    """A project takes charts from anywhere."""
    _replace(copy, f"{_ARGO}/templates/projects.yaml", "  - {{ . | quote }}", '  - "*"')


@mutation("drift-that-stays", breaks="GIT-001", injured=_APPLICATIONS)
def drift_that_stays(copy: Path) -> None:
    """What somebody changes by hand stays so."""
    _replace(copy, f"{_APPLICATIONS}/templates/_helpers.tpl", "selfHeal: true", "selfHeal: false")


@mutation("definitions-pruned", breaks="GIT-001", injured=_APPLICATIONS)
def definitions_pruned(copy: Path) -> None:
    """A definition that is gone from Git goes with all that it defines."""
    _replace(copy, f"{_APPLICATIONS}/templates/definitions.yaml", "(list $ false)", "(list $ true)")


@mutation("namespaces-pruned", breaks="GIT-001", injured=_NAMESPACES)
def namespaces_pruned(copy: Path) -> None:
    """A namespace that is gone from Git goes with all that is in it."""
    _replace(copy, f"{_NAMESPACES}/templates/namespaces.yaml", "Prune=false,", "")


@mutation("all-gone-with-the-set", breaks="GIT-001", injured=_ARGO)
def all_gone_with_the_set(copy: Path) -> None:
    """An ApplicationSet that is deleted takes along what it deployed."""
    old = "preserveResourcesOnDeletion: true"
    _replace(copy, f"{_ARGO}/templates/applicationsets.yaml", old, old.replace("true", "false"))


@mutation("revision-of-nobody", breaks="GIT-001", injured=_APPLICATIONS)
def revision_of_nobody(copy: Path) -> None:
    """Charts are deployed from a branch, whatever revision the environment is promoted to."""
    old = "targetRevision: {{ $.Values.revision | quote }}"
    _replace(copy, f"{_APPLICATIONS}/templates/applications.yaml", old, "targetRevision: main")


def _replace(copy: Path, file: str, old: str, new: str) -> None:
    """Replace the first occurrence of a text in a file, which must have it."""
    text = (copy / file).read_text()
    assert old in text, f"{file} has no {old!r}"
    (copy / file).write_text(text.replace(old, new, 1))


def _append(copy: Path, file: str, text: str) -> None:
    (copy / file).write_text((copy / file).read_text() + text)
