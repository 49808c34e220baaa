"""A machine that has just come to the nodes' network: it knows of nobody there and must ask for every address (ARP, RFC 826)."""

from __future__ import annotations

from plumbline.components.cluster import Cluster
from plumbline.components.entrance.outside import Reply


def get(cluster: Cluster, address: str, within_s: float = 5.0) -> Reply:
    """Get what an address serves by HTTP, as a newcomer does.

    This machine may remember from the last time which node answers for an address, and would not notice that nobody
    announces it any more; a container has a neighbour table of its own, which is empty.

    Args:
        cluster: whose network, and whose node image: it has curl.
        address: who is asked.
        within_s: how long it tries, in seconds.
    """
    asking = [
        "--silent",
        "--show-error",
        "--max-time",
        str(within_s),
        "--write-out",
        r"\n%{http_code}",
        f"http://{address}/",
    ]
    ended = cluster.neighbours.ask(cluster.image, "curl", *asking, within_s=within_s)
    text, _, status = ended.stdout.rpartition("\n")
    return Reply(address, "a newcomer's GET /", int(status or 0), text or ended.stderr.strip())
