"""Owns the first page: My work, as one list from every app, and the first steps in an empty workspace.

Holds nothing of its own; what it shows comes through registries and the selectors of the apps below.
"""
