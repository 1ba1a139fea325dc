"""Owns deliveries: which approved revision goes to which channel when, each attempt at it, and what became of it.

Records the intent before each call, treats "unknown" as a state of its own and asks the network before sending again.
Never decides what may go out (approvals does) and never speaks a network's language (networks does).
"""
