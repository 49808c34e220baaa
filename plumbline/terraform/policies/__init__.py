"""What the documents promise of production, each promise as a rule over plans.

A rule is a function in a module of this package; see :mod:`plumbline.terraform.policies.registry`.
"""
