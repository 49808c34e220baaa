"""What the API server would refuse, without one: objects against the schemas that upstream publishes, by kubeconform.

Built-in kinds come from the OpenAPI document of the Kubernetes that we pin, others from the CustomResourceDefinitions of modules
that we pin. Both are made strict: a field that no schema names is an error, as it is for ``kubectl apply``.
"""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from plumbline.components.delivery.renderings import Rendering
from plumbline.core import shell
from plumbline.core.errors import ConfigError, PlumblineError
from plumbline.core.paths import Paths
from plumbline.kube import definitions
from plumbline.kube.api import Object

_KUBERNETES, _OPENAPI = "k8s.io/kubernetes", "api/openapi-spec/swagger.json"
_LOCATION = "{{.Group}}-{{.ResourceAPIVersion}}-{{.ResourceKind}}.json"  # in kubeconform's own words
_WITHIN_S = 60.0

# Group of custom resources -> the pinned module that defines them, and the folder there.
DEFINED_IN: Mapping[str, tuple[str, str]] = {
    "argoproj.io": ("github.com/argoproj/argo-cd/v3", "manifests/crds"),
    "bitnami.com": ("github.com/bitnami/sealed-secrets", "helm/sealed-secrets/crds"),
    "cert-manager.io": ("github.com/cert-manager/cert-manager", "deploy/crds"),
    "metallb.io": ("go.universe.tf/metallb", "config/crd/bases"),
    "monitoring.coreos.com": ("github.com/prometheus-operator/prometheus-operator", "example/prometheus-operator-crd"),
    "snapshot.storage.k8s.io": ("github.com/kubernetes-csi/external-snapshotter/client/v8", "config/crd"),
}

# Groups that Google serves on its own clusters; no module that can be had defines them.
UNPUBLISHED = frozenset({"cloud.google.com", "networking.gke.io"})

Schema = dict[str, Any]
_INT_OR_STRING: Schema = {"type": ["integer", "string"]}
_QUANTITY: Schema = {"type": ["number", "string"]}


@dataclass(frozen=True)
class Schemas:
    """The schemas of what our charts deploy.

    Attributes:
        paths: the checkout, whose pins say which versions.
        kubeconform: the program.
    """

    paths: Paths
    kubeconform: Path
    _made: dict[tuple[str, str], Schema] = field(default_factory=dict)

    def offences(self, renderings: Sequence[Rendering]) -> list[str]:
        """Return, in words, where objects are not what their schemas say.

        Raises:
            ConfigError: no schema of a kind is known.
            PlumblineError: kubeconform does not work.
        """
        with tempfile.TemporaryDirectory(prefix="plumbline-schemas-") as made:
            schemas, texts = Path(made, "schemas"), Path(made, "texts")
            schemas.mkdir()
            texts.mkdir()
            for rendering in renderings:
                known = [each for each in rendering.objects if group(each) not in UNPUBLISHED]
                (texts / f"{rendering.way}.json").write_text("\n---\n".join(map(json.dumps, known)))
                for each in known:
                    file = schemas / f"{group(each) or 'v1'}-{_version(each)}-{each['kind'].lower()}.json"
                    if not file.exists():
                        file.write_text(json.dumps(self._schema(each["apiVersion"], each["kind"])))
            argv: list[str | Path] = [self.kubeconform, "-strict", "-output", "json"]
            argv += ["-schema-location", f"{schemas}/{_LOCATION}", texts]
            ended = shell.run(argv, within_s=_WITHIN_S, check=False)
        try:
            found = json.loads(ended.stdout)["resources"]
        except ValueError:
            raise PlumblineError(f"kubeconform gives no answer: {shell.gist(ended.stderr)}") from None
        where = {str(rendering.way): rendering.way for rendering in renderings}
        said = ((where[Path(each["filename"]).stem], each) for each in found)
        return [f"charts/{way.chart}, {way.name}: {each['kind']}/{each['name']}: {each['msg']}" for way, each in said]

    def _schema(self, version: str, kind: str) -> Schema:
        if (version, kind) not in self._made:
            own = version.partition("/")[0] if "/" in version else ""
            schema = self._custom(own, version, kind) if own in DEFINED_IN else self._built_in(version, kind)
            self._made[version, kind] = schema
        return self._made[version, kind]

    def _custom(self, named: str, version: str, kind: str) -> Schema:
        from plumbline.images import upstream  # noqa: PLC0415  (the builder is needed by those who check schemas only)

        module, folder = DEFINED_IN[named]
        # A file is called after the kind's plural; the shortest name that has it is the first to be read.
        files = upstream.module_files(self.paths, module, folder, f"*{kind.lower()}*.yaml")
        for file in sorted(files, key=lambda file: len(file.name)):
            for defined in definitions.read(file):
                if defined["spec"]["names"]["kind"] == kind:
                    for each in defined["spec"]["versions"]:
                        if f"{named}/{each['name']}" == version:
                            return strict(each["schema"]["openAPIV3Schema"])
        raise ConfigError(
            f"{module} defines no {version} {kind}: say in plumbline/components/delivery/schemas.py who does"
        )

    def _built_in(self, version: str, kind: str) -> Schema:
        of_group, _, of_version = version.rpartition("/")
        wanted = {"group": of_group, "version": of_version, "kind": kind}
        for name, schema in self._openapi.items():
            if wanted in schema.get("x-kubernetes-group-version-kind", []):
                needed = dict(self._reachable(name))
                return {"$ref": f"#/definitions/{name}", "definitions": needed}
        raise ConfigError(
            f"Kubernetes has no {version} {kind}: say in plumbline/components/delivery/schemas.py who defines it"
        )

    @cached_property
    def _openapi(self) -> Mapping[str, Schema]:
        from plumbline.images import upstream  # noqa: PLC0415

        return json.loads(upstream.module_file(self.paths, _KUBERNETES, _OPENAPI).read_text())["definitions"]  # type: ignore[no-any-return]

    def _reachable(self, name: str) -> Iterator[tuple[str, Schema]]:
        """Yield a definition, made strict, and all those that it refers to."""
        waiting, seen = [name], {name}
        while waiting:
            found = waiting.pop()
            yield found, _QUANTITY if found.endswith(".Quantity") else strict(self._openapi[found])
            fresh = {ref.rpartition("/")[2] for ref in _references(self._openapi[found])} - seen
            waiting += fresh
            seen |= fresh


def group(each: Object) -> str:
    """Return the API group of an object; the core group is empty."""
    found, slash, _ = each["apiVersion"].partition("/")
    return found if slash else ""


def strict(schema: Schema) -> Schema:
    """Return a schema that refuses what it does not name, and means what Kubernetes means by its own words."""
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return _INT_OR_STRING
    made = {key: value for key, value in schema.items() if key not in ("description", "default", "example")}
    if "properties" in schema:
        made["properties"] = {name: strict(inner) for name, inner in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            made.setdefault("additionalProperties", False)
    for key in ("items", "additionalProperties"):
        if isinstance(schema.get(key), dict):
            made[key] = strict(schema[key])
    return made


def _references(value: Any) -> Iterator[str]:
    """Yield every reference in a schema."""
    if isinstance(value, dict):
        if isinstance(value.get("$ref"), str):
            yield value["$ref"]
        for inner in value.values():
            yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _version(each: Object) -> str:
    return str(each["apiVersion"].rpartition("/")[2])
