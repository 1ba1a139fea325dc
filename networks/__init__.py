"""Owns connected channels, their encrypted credentials, and one folder per network behind one protocol.

Says what a network allows, renders what will be sent, sends it, and asks the network what it has.
Knows no posts, no schedules and no approvals.
"""
