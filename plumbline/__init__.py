"""Plumbline: stand an Ethereum execution-client stack up on Kubernetes and prove what it claims."""

__version__ = "0.1.0"
