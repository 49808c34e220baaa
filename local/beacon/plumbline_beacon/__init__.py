"""A beacon node on the executable consensus specification, for local devnets."""

__version__ = "0.1.0"
