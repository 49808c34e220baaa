"""A client of image registries, for what we ask of them: pushing what was built, and reading digests and the node's system.

It speaks https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md. The names of images keep their registry as
the first part of the path ("docker.io/ethereum/client-go"), so that one mirror holds images of all registries.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import IO, Any

import httpx

from plumbline.core.errors import ChecksumMismatch, Unfit
from plumbline.images import credentials, oci
from plumbline.images.oci import Image

_ANSWER_WITHIN = httpx.Timeout(30.0, connect=3.0)
_MANIFESTS = (
    oci.MANIFEST,
    oci.INDEX,
    "application/vnd.docker.distribution.manifest.v2+json",
    "application/vnd.docker.distribution.manifest.list.v2+json",
)


class RegistryUnavailable(Unfit):
    """A registry does not answer."""

    def __init__(self, url: str, reason: str) -> None:
        """Keep its address and what happened instead."""
        self.url = url
        super().__init__(f"the registry at {url} does not answer ({reason}): start it, or name another one")


class RegistryRefused(Unfit):
    """A registry answers, but does not do what was asked."""

    def __init__(self, url: str, answer: httpx.Response) -> None:
        """Keep its address and its answer."""
        self.url, self.status = url, answer.status_code
        asked = f"{answer.request.method} {answer.request.url.path}"
        known = "authorization" in answer.request.headers
        fix = f"{'put right' if known else 'have'} its name and password in {credentials.file()}, or name another one"
        if answer.headers.get("www-authenticate", "").lower().startswith("bearer"):
            fix = "name one that takes a name and a password (this one wants tokens)"
        super().__init__(f"the registry at {url} answers {answer.status_code} to {asked}: {fix}")


class ImageMissing(Unfit):
    """A registry does not have an image."""

    def __init__(self, url: str, ref: str) -> None:
        """Keep the registry's address and the image's name."""
        self.url, self.ref = url, ref
        super().__init__(
            f'the registry at {url} has no {ref}: push it ("plumbline images push"), or build it (--images build)'
        )


@dataclass(frozen=True)
class Manifest:
    """A manifest, or an index of manifests, as a registry has it.

    Attributes:
        digest: its digest, computed from what came.
        document: its content.
    """

    digest: str
    document: dict[str, Any]


class Registry:
    """A registry at an address."""

    def __init__(self, url: str) -> None:
        """Reach the registry at ``url``, with the credentials that Docker has for it; nothing is asked yet.

        Raises:
            BadCredentials: Docker's file with them is not what it should be.
        """
        self.url, self.login = url.rstrip("/"), credentials.of(url)
        known = {"Authorization": self.login.header} if self.login else {}
        self._client = httpx.Client(timeout=_ANSWER_WITHIN, follow_redirects=True, headers=known)
        self._pushed: dict[str, str] = {}  # digest -> a repository that has it

    def manifest(self, ref: str) -> Manifest:
        """Return the manifest that a name and tag stand for.

        Raises:
            ImageMissing: there is none.
        """
        repository, _, tag = ref.rpartition(":")
        answer = self._ask("GET", f"{repository}/manifests/{tag}", headers={"Accept": ", ".join(_MANIFESTS)})
        if answer.status_code == httpx.codes.NOT_FOUND:
            raise ImageMissing(self.url, ref)
        self._demand(answer, httpx.codes.OK)
        return Manifest(oci.digest_of(answer.content), answer.json())

    def fetch(self, repository: str, digest: str, into: IO[bytes]) -> None:
        """Copy a blob into a file.

        Raises:
            ChecksumMismatch: what came is not what its digest says.
        """
        hashed = hashlib.sha256()
        try:
            with self._client.stream("GET", self._url(f"{repository}/blobs/{digest}")) as answer:
                self._demand(answer, httpx.codes.OK)
                for part in answer.iter_bytes():
                    hashed.update(part)
                    into.write(part)
        except httpx.HTTPError as error:
            raise self._unavailable(error) from error
        if (actual := f"sha256:{hashed.hexdigest()}") != digest:
            raise ChecksumMismatch(f"a layer of {repository}", digest, actual)

    def push(self, image: Image) -> int:
        """Push an image, and return how many bytes of layers the registry did not have."""
        repository, _, tag = image.ref.rpartition(":")
        sent = 0
        for layer in image.layers:
            with layer.file.open("rb") as content:
                sent += layer.size if self._put(repository, layer.digest, content) else 0
        self._put(repository, oci.digest_of(image.config), image.config)
        self._demand(
            self._ask(
                "PUT",
                f"{repository}/manifests/{tag}",
                content=image.manifest,
                headers={"Content-Type": oci.MANIFEST},
            ),
            httpx.codes.CREATED,
        )
        return sent

    def _put(self, repository: str, digest: str, content: IO[bytes] | bytes) -> bool:
        """Have a blob in a repository, and return whether it had to be sent."""
        if self._ask("HEAD", f"{repository}/blobs/{digest}").status_code == httpx.codes.OK:
            return False
        elsewhere = {"mount": digest, "from": self._pushed[digest]} if digest in self._pushed else {}
        begun = self._ask("POST", f"{repository}/blobs/uploads/", params=elsewhere)
        self._pushed[digest] = repository
        if begun.status_code == httpx.codes.CREATED:
            return False
        self._demand(begun, httpx.codes.ACCEPTED)
        place = begun.url.join(begun.headers["Location"]).copy_merge_params({"digest": digest})
        kind = {"Content-Type": "application/octet-stream"}
        self._demand(self._send("PUT", place, content=content, headers=kind), httpx.codes.CREATED)
        return True

    def _ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return self._send(method, self._url(path), **more)

    def _send(self, method: str, url: str | httpx.URL, **more: Any) -> httpx.Response:
        try:
            return self._client.request(method, url, **more)
        except httpx.HTTPError as error:
            raise self._unavailable(error) from error

    def _url(self, path: str) -> str:
        return f"{self.url}/v2/{path}"

    def _demand(self, answer: httpx.Response, status: int) -> None:
        if answer.status_code != status:
            raise RegistryRefused(self.url, answer)

    def _unavailable(self, error: httpx.HTTPError) -> RegistryUnavailable:
        return RegistryUnavailable(self.url, str(error) or type(error).__name__)
