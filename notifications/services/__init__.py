"""Telling people, reading, mailing."""
