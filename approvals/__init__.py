"""Owns workflows, approval requests and their steps, decisions, and the clearances that publishing needs.

Judges any kind of subject by reference (type, id, revision, hash) through what is registered as approvable.
Never reads posts or channels, and never lets an author decide on what is his own.
"""
