"""What finished runs left: shown as a page, compared, and checked to be whole and untouched.

Runs write their evidence themselves (the package ``reports``, by tests); of it this package knows the published form only, results.json.
"""
