"""OAuth 2 for channels: the way to a network's log-in and back, and keeping what it gave alive.

Never holds tokens longer than one call: they stand sealed with the channel.
"""
