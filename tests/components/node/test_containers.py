"""Which running containers are strangers, and how they are read from the node's containerd."""

from __future__ import annotations

import json
from base64 import b64encode
from types import SimpleNamespace
from typing import Any

import pytest

from plumbline.components.node.containers import Container, Pedigree, images_of, running, strangers

GETH = Container("ethereum/geth-0 (geth)", "docker.io/ethereum/client-go:v1", "sha256:aa", "key", "https://geth", "v1")
KNOWN = Pedigree("key", "sha256:aa", ("go github.com/ethereum/go-ethereum@v1 h1:x",))


def info(identity: str, image: str, labels: dict[str, str], image_ref: str = "", asked: str = "") -> dict[str, Any]:
    kept = {"ImageRef": image_ref, "Config": {"image": {"image": image_ref, "user_specified_image": asked}}}
    metadata = b64encode(json.dumps({"Metadata": kept}).encode()).decode()
    extensions = {"io.cri-containerd.container.metadata": {"value": metadata}} if image_ref else {}
    return {"ID": identity, "Image": image, "Labels": labels, "Extensions": extensions}


def test_containers_are_read_as_containerd_tells_them() -> None:
    pod = {"io.kubernetes.pod.name": "geth-0", "io.kubernetes.pod.namespace": "ethereum"}
    told = [
        info("1", "a:1", {**pod, "io.kubernetes.container.name": "geth", "dev.plumbline.recipe": "key"}, "sha256:aa"),
        info("2", "pause:3", pod),
        info("3", "rogue:1", {}),
    ]
    text = "\n".join(json.dumps(one, indent=4) for one in told)

    found = running(lambda *_: SimpleNamespace(stdout=text))  # type: ignore[arg-type,return-value]

    assert [one.name for one in found] == [
        "ethereum/geth-0 (geth)",
        "ethereum/geth-0 (sandbox)",
        "container 3, not of Kubernetes",
    ]
    assert (found[0].image, found[0].recipe) == ("sha256:aa", "key")


def test_a_container_has_the_name_that_its_pod_asked_for() -> None:
    """Two names for one content: containerd shows the one that it comes across first."""
    text = json.dumps(info("1", "known:1", {}, "sha256:aa", asked="rogue.invalid/known:1"))

    (found,) = running(lambda *_: SimpleNamespace(stdout=text))  # type: ignore[arg-type,return-value]

    assert found.ref == "rogue.invalid/known:1"


def test_an_image_as_it_was_built_is_no_stranger() -> None:
    assert strangers([GETH], lambda _: KNOWN) == []


def test_an_image_that_cannot_be_compared_is_judged_by_its_recipe() -> None:
    assert strangers([GETH], lambda _: Pedigree("key", "", KNOWN.provenance)) == []


def test_a_pulled_image_is_known_by_its_digest_whatever_its_labels_say() -> None:
    assert strangers([GETH], lambda _: Pedigree("", "", ("sha256:cc",))) == []
    assert "no provenance" in strangers([GETH], lambda _: Pedigree("", "", ()))[0]


@pytest.mark.parametrize(
    ("known", "said"),
    [
        (None, "which the image lock does not name"),
        (Pedigree("key", "sha256:aa", ()), "no provenance"),
        (Pedigree("key", "sha256:bb", KNOWN.provenance), "with other content"),
        (Pedigree("other", "", KNOWN.provenance), "from recipe key"),
    ],
)
def test_a_stranger_is_named_with_the_reason(known: Pedigree | None, said: str) -> None:
    (told,) = strangers([GETH], lambda _: known)

    assert told.startswith("ethereum/geth-0 (geth): runs docker.io/ethereum/client-go:v1")
    assert said in told


def test_an_image_that_does_not_say_where_it_comes_from_is_a_stranger() -> None:
    silent = Container("a/b (c)", "x:1", "", "key")

    assert "labels org.opencontainers.image.source" in strangers([silent], lambda _: KNOWN)[0]


def test_the_digest_of_each_image_is_what_its_kubelet_tells() -> None:
    def pod(image: str, *told: str) -> dict[str, object]:
        statuses = [{"name": "geth", "imageID": identity} for identity in told]
        return {"spec": {"containers": [{"name": "geth", "image": image}]}, "status": {"containerStatuses": statuses}}

    digest = "a" * 64
    pods = [
        pod("geth:1", f"sha256:{digest}"),
        pod("traefik:3", f"docker.io/traefik@sha256:{digest}"),
        pod("new:1", ""),
        pod("x:1"),
    ]
    assert images_of(pods) == {"geth:1": f"sha256:{digest}", "traefik:3": f"sha256:{digest}"}
