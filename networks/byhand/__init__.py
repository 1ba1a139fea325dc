"""Accounts where nothing but a person can post."""
