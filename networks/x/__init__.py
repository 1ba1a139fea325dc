"""Accounts of X, by its API version 2."""
