"""Owns the links by which people without an account see and judge posts: scope, secrets, doors, pages and log.

Decides nothing itself: a guest's decision and comment go through the services of approvals and comments.
"""
