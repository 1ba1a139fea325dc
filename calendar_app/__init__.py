"""The content calendar: campaigns, posts, their revisions and variants, planned times, notes and slots.

Never sends anything: a planned time is handed to the dispatcher through a port, in the same transaction.
"""
