"""Owns check-ins: series, the meetings they come to, updates, decisions, notes and action items.

Knows no post, campaign or duty: actions point at subjects, and upper apps say what has happened to whom.
"""
