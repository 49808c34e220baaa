"""Whether who reads a cluster may only read it: asked of the API server by access reviews, and tried by writes that are never kept.

Everything that the harness can name at all is asked about (the kinds of :mod:`plumbline.kube.api`, and the ways into what they
stand for), not only what the reading controls use.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import product
from typing import Any

from plumbline.kube.api import Kube
from plumbline.kube.kinds import KINDS, path_of
from plumbline.kube.transport import ApiError

MANIFEST = "existing/reader.yaml"  # below local/: the account and its rights, as published
_REVIEWS = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_SELF = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
_WRITING = ("create", "update", "patch", "delete", "deletecollection")
_READING = ("get", "list", "watch")
# Ways into pods, nodes and accounts; those with a connection are opened by a mere "get", too.
_WAYS_IN = (
    *("pods/exec", "pods/attach", "pods/portforward", "pods/proxy", "pods/ephemeralcontainers", "pods/eviction"),
    *("services/proxy", "nodes/proxy", "serviceaccounts/token"),
)
_CLUSTER_WIDE = ("nodes/proxy",)
# Ways to more rights (https://kubernetes.io/docs/concepts/security/rbac-good-practices): verb, group, resource.
_RBAC = "rbac.authorization.k8s.io"
_WAYS_UP = (
    *product(("impersonate",), ("",), ("users", "groups", "serviceaccounts")),
    *product(("bind", "escalate"), (_RBAC,), ("roles", "clusterroles")),
    *product(_WRITING, (_RBAC,), ("roles", "clusterroles", "rolebindings", "clusterrolebindings")),
)
_METHODS = ("POST", "PUT", "PATCH", "DELETE")
_PATCHED = "application/merge-patch+json"
_NOBODY = "plumbline-asks-whether-it-may"  # an object that does not exist: nothing is there to be hurt
_FORBIDDEN = 403
_AT_ONCE = 16


@dataclass(frozen=True)
class Right:
    """Something that one may be allowed to do.

    Attributes:
        verb: what is done (https://kubernetes.io/docs/reference/access-authn-authz/authorization).
        group: API group of what it is done to; empty for the core.
        resource: its plural name, with the subresource ("pods/exec").
        namespace: where; empty for everywhere.
    """

    verb: str
    group: str
    resource: str
    namespace: str

    def __str__(self) -> str:
        """Say it."""
        return f"{self.verb} {self.resource}{'.' if self.group else ''}{self.group}" + (
            f" in namespace {self.namespace}" if self.namespace else ""
        )

    def held(self, kube: Kube) -> bool:
        """Return whether who asks has it (SelfSubjectAccessReview)."""
        resource, _, sub = self.resource.partition("/")
        asked = {"verb": self.verb, "group": self.group, "resource": resource, "subresource": sub}
        spec = {"resourceAttributes": {**asked, "namespace": self.namespace}}
        review = {"apiVersion": "authorization.k8s.io/v1", "kind": "SelfSubjectAccessReview", "spec": spec}
        return bool(kube.request("POST", _REVIEWS, body=review)["status"]["allowed"])


@dataclass(frozen=True)
class Trial:
    """A write that is tried, of an object that does not exist, and not to be kept (``dryRun=All``)."""

    method: str
    path: str

    def __str__(self) -> str:
        """Say it."""
        return f"{self.method} {self.path} (dryRun=All)"

    def forbidden(self, kube: Kube) -> bool:
        """Return whether it is forbidden; who is let through to any other answer may write."""
        kind = _PATCHED if self.method == "PATCH" else "application/json"
        try:
            kube.request(self.method, self.path, body={}, content_type=kind, dryRun="All")
        except ApiError as error:
            return error.status == _FORBIDDEN
        return False


def dangerous(namespaces: Iterable[str]) -> Iterator[Right]:
    """Yield every right that a reader must not have, in each namespace and everywhere."""
    places = ("", *namespaces)
    for kind in KINDS:
        group, resource, namespaced = _resource(kind)
        verbs = (*_WRITING, *_READING) if kind == "Secret" else _WRITING
        yield from (Right(v, group, resource, place) for v, place in product(verbs, places if namespaced else ("",)))
    for way in _WAYS_IN:
        where = ("",) if way in _CLUSTER_WIDE else places
        yield from (Right(verb, "", way, place) for verb, place in product(("get", *_WRITING), where))
    yield from (Right(*way, place) for way, place in product(_WAYS_UP, places))


def trials(namespaces: Iterable[str]) -> Iterator[Trial]:
    """Yield a write of each method for every kind, in each namespace."""
    namespaces = tuple(namespaces)
    for kind, method in product(KINDS, _METHODS):
        for place in namespaces if _resource(kind)[2] else ("",):
            collection = path_of(kind, place)
            yield Trial(method, collection if method == "POST" else f"{collection}/{_NOBODY}")


def excess(kube: Kube, namespaces: Iterable[str]) -> list[str]:
    """Return, in words, what who asks may do beyond reading; empty is the proof that it may only read.

    Raises:
        ApiError, OSError: the API server does not tell.
    """
    namespaces = tuple(namespaces)
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="review") as pool:
        rights = list(dangerous(namespaces))
        answers = pool.map(lambda right: right.held(kube), rights)
        held = [f"may {right}" for right, yes in zip(rights, answers, strict=True) if yes]
        if held:
            return held  # a write is tried only by who has no right to it, as far as the reviews tell
        tried = list(trials(namespaces))
        refused = pool.map(lambda trial: trial.forbidden(kube), tried)
        return [f"is not forbidden to {trial}" for trial, no in zip(tried, refused, strict=True) if not no]


def who(kube: Kube) -> str:
    """Return the name by which the API server knows who asks (SelfSubjectReview)."""
    review: dict[str, Any] = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    return str(kube.request("POST", _SELF, body=review)["status"]["userInfo"]["username"])


def _resource(kind: str) -> tuple[str, str, bool]:
    """Return API group, plural name, and whether it is in namespaces, of a kind."""
    words = path_of(kind, "x").strip("/").split("/")
    return words[1] if words[0] == "apis" else "", words[-1], "namespaces" in words[:-1]
