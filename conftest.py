"""The plugins of this repository, what others need first; nothing else belongs here."""

pytest_plugins = [
    "pytester",
    "reports.plugin",
    "fixtures.options",
    "fixtures.selection",
    "fixtures.run",
    "fixtures.recorder",
    "fixtures.stack",
    "fixtures.progress",
    "fixtures.public",
    "fixtures.pull",
    "fixtures.leases",
    "fixtures.evidence",
    "fixtures.cluster",
    "fixtures.network_policy",
    "fixtures.storage",
    "fixtures.load_balancer",
    "fixtures.ingress",
    "fixtures.execution",
    "fixtures.consensus",
    "fixtures.slots",
]
