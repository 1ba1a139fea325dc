"""Owns people, workspaces, memberships, roles, backups and absences, bearer keys, and the tenancy walls.

Answers for every app above: who acts, in which workspace, for whom, and may they.
Never knows posts, channels or approvals; scopes that lie higher come in as subject references.
"""
