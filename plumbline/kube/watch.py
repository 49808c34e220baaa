"""Conditions over objects of the cluster, judged anew at each change that the API server tells of."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from plumbline.core import wait
from plumbline.kube.transport import ApiError, Transport

if TYPE_CHECKING:
    from plumbline.kube.api import Object

T = TypeVar("T")
_WATCH_CHUNK_S = 5  # a blocked watch looks at its deadline this often


@dataclass(frozen=True)
class Watch(Generic[T]):
    """A list followed by a watch (Kubernetes API concepts: efficient detection of changes), resumed for as long as needed.

    Attributes:
        server: the API server.
        path: the collection's.
        judge: gets the objects by name, "namespace/name" over all namespaces.
        labels: label selector; empty for all.
        fields: field selector; likewise.
        everywhere: whether the collection is that of all namespaces.
    """

    server: Transport
    path: str
    judge: Callable[[dict[str, Object]], wait.Observation[T]]
    labels: str
    fields: str
    everywhere: bool

    def observe(self, deadline: wait.Deadline) -> Iterator[wait.Observation[T]]:
        """Yield what the judge says, at once and after each change."""
        while not deadline.passed:
            try:
                yield from self._follow(deadline)
            except (ApiError, OSError) as error:
                yield wait.Observation(False, None, str(error))  # type: ignore[arg-type]
                wait.pause(0.1, deadline)

    def _follow(self, deadline: wait.Deadline) -> Iterator[wait.Observation[T]]:
        query = {"labelSelector": self.labels, "fieldSelector": self.fields}
        listing = self.server.request("GET", self.path, **query)
        objects = {self._key(item): item for item in listing["items"]}
        version = listing["metadata"]["resourceVersion"]
        yield self.judge(objects)
        while not deadline.passed:
            chunk = max(1, min(_WATCH_CHUNK_S, round(deadline.left_s)))
            for change, item in self._changes(
                {**query, "watch": "true", "resourceVersion": version, "timeoutSeconds": chunk}
            ):
                if change == "ERROR":  # the version is too old: list again
                    return
                version = item["metadata"]["resourceVersion"]
                if change == "DELETED":
                    objects.pop(self._key(item), None)
                elif change != "BOOKMARK":
                    objects[self._key(item)] = item
                yield self.judge(objects)
            yield self.judge(objects)  # nothing new of these, but what the judge tells about others may have changed

    def _changes(self, query: Mapping[str, Any]) -> Iterator[tuple[str, Object]]:
        from kubernetes.watch.watch import iter_resp_lines  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        answer = self.server.open("GET", self.path, None, "application/json", query, _WATCH_CHUNK_S + 10)
        try:
            for line in iter_resp_lines(answer):  # type: ignore[no-untyped-call]
                if line:
                    event = json.loads(line)
                    yield event["type"], event["object"]
        except HTTPError as error:
            raise ConnectionError(f"watch {self.path}: {error}") from error
        finally:
            answer.close()
            answer.release_conn()

    def _key(self, item: Object) -> str:
        meta = item["metadata"]
        return f"{meta['namespace']}/{meta['name']}" if self.everywhere and "namespace" in meta else str(meta["name"])
