"""What faults do to objects of the cluster: change one, add one, take one away; each is undone after.

By kubectl, so that objects of any kind can be meant.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from plumbline.core import wait
from plumbline.faults.injuries.undo import cure, undone_by

if TYPE_CHECKING:
    from plumbline.kube.api import Object
    from plumbline.stack import Stack

_MISSING: Any = object()
_ROLLED_OUT_WITHIN_S = 60.0


@contextmanager
def changed(stack: Stack, kind: str, name: str, namespace: str, change: Mapping[str, Any]) -> Iterator[None]:
    """Apply a JSON merge patch (RFC 7396) to an object; the cure puts back what the patch replaced."""
    before = inverse(read(stack, kind, name, namespace), change)
    with undone_by(stack, "change-back", resource=kind, name=name, namespace=namespace, change=before):
        _patch(stack, kind, name, namespace, change)
        yield


@cure("change-back")
def _change_back(stack: Stack, *, resource: str, name: str, namespace: str, change: Mapping[str, Any]) -> None:
    _patch(stack, resource, name, namespace, change)


@contextmanager
def workload_changed(stack: Stack, kind: str, name: str, namespace: str, change: Mapping[str, Any]) -> Iterator[None]:
    """Change a Deployment, DaemonSet or StatefulSet; it is cured when it has rolled out again."""
    with (
        undone_by(stack, "roll-out", resource=kind, name=name, namespace=namespace),
        changed(stack, kind, name, namespace, change),
    ):
        yield


@cure("roll-out")
def roll_out(stack: Stack, resource: str, name: str, namespace: str) -> None:
    """Wait until a workload has rolled out."""
    rolled_out = stack.site.kube.rolled_out(resource, name, namespace)
    wait.until(rolled_out, named=f"{resource} {name} rolled out", within_s=_ROLLED_OUT_WITHIN_S)


@contextmanager
def added(stack: Stack, *objects: Object) -> Iterator[None]:
    """Make objects that do not belong there."""
    names = [[item["kind"], item["metadata"]["name"], item["metadata"]["namespace"]] for item in objects]
    with undone_by(stack, "delete-added", names=names):
        documents = "\n---\n".join(json.dumps(item) for item in objects)
        stack.site.kube.kubectl("apply", "--filename", "-", input=documents)
        yield


@cure("delete-added")
def _delete_added(stack: Stack, *, names: list[list[str]]) -> None:
    for kind, name, namespace in names:  # waits until it is gone: a pod that is removed by force runs on for a moment
        stack.site.kube.kubectl("-n", namespace, "delete", kind, name, "--ignore-not-found", "--now")


@contextmanager
def removed(stack: Stack, kind: str, name: str, namespace: str) -> Iterator[None]:
    """Delete an object; the cure makes it again as it was."""
    kept = portable(read(stack, kind, name, namespace))
    with undone_by(stack, "make-again", kept=kept):
        stack.site.kube.kubectl("-n", namespace, "delete", kind, name)
        yield


@cure("make-again")
def _make_again(stack: Stack, *, kept: Object) -> None:
    stack.site.kube.kubectl("apply", "--filename", "-", input=json.dumps(kept))


def inverse(current: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the merge patch that undoes another one on an object as it is now."""
    undoing: dict[str, Any] = {}
    for key, value in change.items():
        was = current.get(key, _MISSING)
        if was is _MISSING:
            undoing[key] = None
        elif isinstance(value, Mapping) and isinstance(was, Mapping):
            undoing[key] = inverse(was, value)
        else:
            undoing[key] = was
    return undoing


def portable(item: Object) -> Object:
    """Return an object without what the API server put into it, so that it can be made again."""
    meta = item["metadata"]
    kept = {key: meta[key] for key in ("name", "namespace", "labels", "annotations") if key in meta}
    return {key: value for key, value in item.items() if key != "status"} | {"metadata": kept}


def read(stack: Stack, kind: str, name: str, namespace: str = "") -> Object:
    """Return an object of any kind as it is now."""
    found = stack.site.kube.kubectl("-n", namespace, "get", kind, name, "--output", "json").stdout
    return json.loads(found)  # type: ignore[no-any-return]


def _patch(stack: Stack, kind: str, name: str, namespace: str, change: Mapping[str, Any]) -> None:
    stack.site.kube.kubectl("-n", namespace, "patch", kind, name, "--type=merge", "--patch", json.dumps(change))
