"""Ways to break the stack on purpose, each with the control that must notice it.

A fault is a few lines in one of the modules of :mod:`plumbline.faults.actions`; see :mod:`plumbline.faults.registry`.
"""
