"""Owns the record of what was done by whom: the entries, the outbox to subscribers, and the seal.

Writes facts inside the transaction that made them; tells subscribers after the commit, at least once.
Never holds names, addresses, tokens or text, so that a person can be erased without breaking the chain.
"""
