"""Runs Collab on one machine: embedded PostgreSQL and Valkey, and one supervisor over all processes.

It knows programs, folders and signals; it never imports Django, a model or a rule.
"""
