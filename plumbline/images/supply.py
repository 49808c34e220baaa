"""How this stack's images are had: pulled from a mirror, or built here; decided once for each cluster."""

from __future__ import annotations

import threading
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Literal

from plumbline.core import events, state
from plumbline.core.config import Config
from plumbline.core.errors import ConfigError, PlumblineError
from plumbline.core.paths import Paths
from plumbline.images import builder, pull, tools
from plumbline.images.distribution import RegistryUnavailable

DECIDED_WITHIN_S = 3.0
Mode = Literal["pull", "build"]


class NoMirror(ConfigError):
    """Images are to be pulled, and nobody said from where."""

    def __init__(self) -> None:
        """Say it."""
        super().__init__(
            "images cannot be pulled without a mirror, since no public registry has the node image: "
            "name one (--registry-mirror URL), or --images build"
        )


@dataclass(frozen=True)
class Choice:
    """How images are had.

    Attributes:
        mode: pulled or built.
        reason: why, in words.
        digests: of the images that are to be pulled, by name and tag.
    """

    mode: Mode
    reason: str
    digests: pull.Digests = field(default_factory=dict)


def node_image(paths: Paths, config: Config) -> str:
    """Have the node image and the tools of the bring-up, pulled or built, and return the image's name in the engine.

    Raises:
        Unfit, ConfigError: it cannot be had; nothing was left half-made.
    """
    chosen = choose(paths, config)
    verb = {"pull": "pulled", "build": "built here"}[chosen.mode]
    events.emit("images", "notice", text=f"images are {verb}: {chosen.reason}", mode=chosen.mode)
    state.write_json(paths.state / "images" / "choice.json", {"mode": chosen.mode, "reason": chosen.reason})
    if chosen.mode == "build":
        pull.forget(paths)
        tag = builder.build(paths).node_image
    else:
        tag = pull.node_image(paths, config.registry_mirror or "", chosen.digests)
    tools.ensure(paths, *builder.BRING_UP_TOOLS)
    return tag


def node_tag(paths: Paths, config: Config) -> str:
    """Return the name that the node image has, or will have, in the engine; no registry is asked."""
    return pull.node_tag(paths) if mode(paths, config) == "pull" else builder.node_tag(paths)


def mode(paths: Paths, config: Config) -> Mode:
    """Return how the standing stack's images were had; where there is none, what is asked for (``auto``: built)."""
    if config.images != "auto":
        return config.images
    return "pull" if pull.pulled(paths) else "build"


def choose(paths: Paths, config: Config) -> Choice:
    """Decide how images are had: as asked, else pulled if a mirror has all of them and says so within three seconds."""
    mirror = config.registry_mirror
    if config.images == "build":
        return Choice("build", "as asked")
    if not mirror:
        if config.images == "pull":
            raise NoMirror
        return Choice("build", "no mirror is named (--registry-mirror)")
    if config.images == "pull":
        return Choice(
            "pull", f"as asked, from {mirror}", pull.resolve(paths, mirror, allow_unpinned=config.allow_unpinned)
        )
    try:
        return Choice("pull", f"{mirror} has all of them", _soon(paths, mirror, config))
    except PlumblineError as error:
        return Choice("build", str(error))


def _soon(paths: Paths, mirror: str, config: Config) -> pull.Digests:
    """Return what is to be pulled, if the mirror says so in time (looking up a name has no time-out of its own)."""
    answer: Future[pull.Digests] = Future()

    def ask() -> None:
        try:
            answer.set_result(pull.resolve(paths, mirror, allow_unpinned=config.allow_unpinned))
        except BaseException as error:  # noqa: BLE001  (it is raised where the answer is waited for)
            answer.set_exception(error)

    threading.Thread(target=ask, daemon=True).start()
    try:
        return answer.result(DECIDED_WITHIN_S)
    except TimeoutError:
        raise RegistryUnavailable(mirror, f"not all was said within {DECIDED_WITHIN_S:.0f} s") from None
