"""Owns the pictures and videos of a workspace as content: their versions, and where the approval of each stands.

Never stores a file itself and never changes what a post carries: a version names a file of `files`, for good.
"""
