"""Images and tools, built from package registries alone, and loaded where they run.

``build`` makes what is missing, ``node_image`` has the node image built or pulled, ``sideload`` puts our own programs into
running nodes, ``unpack`` unpacks what the node image brought, ``tool`` returns a pinned tool.
"""

from plumbline.images.builder import build, content_key
from plumbline.images.sideload import sideload
from plumbline.images.supply import mode, node_image, node_tag
from plumbline.images.tools import ensure, tool
from plumbline.images.unpacking import unpack

__all__ = [
    "build",
    "content_key",
    "ensure",
    "mode",
    "node_image",
    "node_tag",
    "sideload",
    "tool",
    "unpack",
]
