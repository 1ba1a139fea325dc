"""Submitting, deciding, withdrawing, clearing, and keeping workflows."""
