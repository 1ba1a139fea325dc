"""Owns comments on any subject: threads, anchors, mentions, what is internal, what is resolved.

Never tells anybody itself: it records who was named, and the notices follow from the record.
"""
