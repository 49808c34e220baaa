"""What the API server says to objects that it is only shown (Kubernetes API concepts: dry run); nothing is kept."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from typing import Any

from plumbline.components.delivery.renderings import Rendering, title
from plumbline.kube.api import Kube, Object
from plumbline.kube.transport import ApiError, NotFound

_MANAGER = "plumbline-dry-run"
_NOBODYS = "dry-run-"  # begins the names of objects that are to meet nobody's
_AT_ONCE = 8


@dataclass(frozen=True)
class Answer:
    """What became of the objects.

    Attributes:
        taken: how many the API server would have taken.
        refused: which it would not, in words.
        unserved: kinds that it does not serve at all.
    """

    taken: int
    refused: tuple[str, ...]
    unserved: frozenset[str]


def of(kube: Kube, renderings: Sequence[Rendering]) -> Answer:
    """Show every object of some renderings to the API server.

    Those of the local stack go by their names: what stands there would be changed, so this is an upgrade. The others get names
    of nobody's, in a namespace that is there.
    """
    counter = _Counter(kube)
    shown = [(rendering, each) for rendering in renderings for each in rendering.objects]
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        said = list(pool.map(lambda pair: counter.show(*pair), shown))
    unserved = {
        f"{each['apiVersion']} {each['kind']}" for (_, each), what in zip(shown, said, strict=True) if what is None
    }
    return Answer(said.count(""), tuple(what for what in said if what), frozenset(unserved))


class _Counter:
    """Where objects are shown to the API server."""

    def __init__(self, kube: Kube) -> None:
        """See which namespaces stand."""
        self._kube = kube
        self._standing = {each["metadata"]["name"] for each in kube.objects("Namespace")}
        self._served = cache(self._resources)  # by version

    def show(self, rendering: Rendering, each: Object) -> str | None:
        """Show an object; return why it is refused, empty where it is not, and None where its kind is not served at all."""
        resource = self._served(each["apiVersion"]).get(each["kind"])
        if resource is None:
            return None
        shown, path = copy.deepcopy(each), _path(each["apiVersion"])
        if resource["namespaced"]:
            own = rendering.namespace_of(each)
            shown["metadata"]["namespace"] = own if own in self._standing else "default"
            path += f"/namespaces/{shown['metadata']['namespace']}"
        if not rendering.way.is_local:
            shown["metadata"]["name"] = f"{_NOBODYS}{each['metadata']['name']}"
        try:
            self._kube.request(
                "PATCH",
                f"{path}/{resource['name']}/{shown['metadata']['name']}",
                body=shown,
                content_type="application/apply-patch+yaml",
                fieldManager=_MANAGER,
                force="true",
                dryRun="All",
                fieldValidation="Strict",
            )
        except ApiError as error:
            return f"charts/{rendering.way.chart}, {rendering.way.name}: {title(each)}: {error.message}"
        return ""

    def _resources(self, version: str) -> dict[str, Any]:
        """Return what is served of a version, by kind."""
        try:
            found = self._kube.request("GET", _path(version))
        except NotFound:
            return {}
        return {each["kind"]: each for each in found["resources"] if "/" not in each["name"]}


def _path(version: str) -> str:
    """Return the API's path of a version: that of the core group has no group."""
    return f"/apis/{version}" if "/" in version else f"/api/{version}"
