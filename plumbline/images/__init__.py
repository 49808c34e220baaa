"""Images and tools, built from package registries alone, and loaded where they run.

``build`` makes what is missing, ``sideload`` puts our own programs into a running node, ``tool`` returns a pinned tool.
"""

from plumbline.images.builder import Built, build, content_key, needs_build, node_tag
from plumbline.images.commands import command
from plumbline.images.sideload import Loaded, sideload
from plumbline.images.tools import ensure, tool

__all__ = [
    "Built",
    "Loaded",
    "build",
    "command",
    "content_key",
    "ensure",
    "needs_build",
    "node_tag",
    "sideload",
    "tool",
]
