"""Secrets at rest and on their way: sealed, escrowed, signed by our own authority, and never written down in clear."""
