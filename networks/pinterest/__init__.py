"""Accounts of Pinterest and their boards, by its API version 5."""
