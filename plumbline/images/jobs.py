"""The jobs of a build: what is not done yet, in the order in which it should start."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from functools import partial

from plumbline.core import events
from plumbline.core.graph import Job
from plumbline.images import assembly, tools
from plumbline.images.node import NAME as NODE
from plumbline.images.node import Node
from plumbline.images.recipes import Recipe
from plumbline.images.workshop import Workshop


def left(node: Node, images: Collection[str], tool_names: Collection[str]) -> list[Job]:
    """Return what is left to do for images (of them "node" is the one that is given), and for tools."""
    jobs = _Jobs(node.shop)
    if "kind" in tool_names:
        jobs.meet([jobs.program_of("kind")])  # the first that a bring-up starts
    if NODE in images and not node.is_built():
        jobs.add_node(node)
    for name in images:
        if name != NODE:
            jobs.add_image(node.shop.recipes[name])
    for name in tool_names:
        jobs.add_tool(name)
    return list(jobs.wanted.values())


class _Jobs:
    """Jobs by name, first wanted first, each with all that it needs."""

    def __init__(self, shop: Workshop) -> None:
        """Want nothing yet."""
        self._shop = shop
        self.wanted: dict[str, Job] = {}

    def meet(self, needs: Iterable[str]) -> list[str]:
        """Have what parts wait for ("os", "program NAME"), and return what of it is not done yet."""
        left = [need for need in needs if not self._shop.is_met(need)]
        for need in left:
            self._want(need, (), partial(self._shop.meet, need), "light" if need == "os" else "compile")
        return left

    def add_image(self, recipe: Recipe) -> list[str]:
        """Have an image's layers made, and return its jobs that are not done yet."""
        below = [job for lower in assembly.bases(self._shop, recipe)[:-1] for job in self.add_image(lower)]
        if assembly.is_made(self._shop, recipe):
            return below
        name = f"image {recipe.name}"
        needs = self.meet(need for part in recipe.parts for need in part.needs())
        self._want(name, (*below, *needs), partial(assembly.make, self._shop, recipe))
        return [*below, name]

    def add_node(self, node: Node) -> None:
        """Have the node image built, Kubernetes first: it takes longest, and everything waits for the node."""
        needs = [*self.meet(need for need in node.needs() if need != "os"), *self.meet(["os"])]
        inside = [job for recipe in node.inside for job in self.add_image(recipe)]
        self._want("node", (*inside, *needs), node.build)

    def add_tool(self, name: str) -> None:
        """Have a pinned tool that is a Go program."""
        needs = self.meet([self.program_of(name)])
        if needs or not (self._shop.paths.bin / name).exists():
            self._want(f"tool {name}", needs, partial(tools.tool, self._shop.paths, name))

    def program_of(self, tool: str) -> str:
        """Return what a tool waits for."""
        return f"program {tools.load(self._shop.paths.root)[tool].program}"

    def _want(self, name: str, needs: Iterable[str], run: Callable[[], object], lane: str = "light") -> None:
        self.wanted.setdefault(name, Job(name, tuple(dict.fromkeys(needs)), _announced(name, run), lane))


def _announced(name: str, run: Callable[[], object]) -> Callable[[], None]:
    def announced() -> None:
        with events.phase("images", name):
            run()

    return announced
