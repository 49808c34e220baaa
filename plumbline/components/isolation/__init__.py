"""Isolation of the stack: which flows are open, what pods may do on their node, who can read which Secret.

The three tables of what should be so are in ``local/isolation``; the modules here read them, look at the cluster, and compare.
"""
