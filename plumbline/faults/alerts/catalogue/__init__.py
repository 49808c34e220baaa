"""What causes each alert, a module for each part of the stack that suffers; all of it is found by being here.

Alerts that one cause brings about are proved together.
"""
