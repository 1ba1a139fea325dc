"""Verbs of check-ins."""
