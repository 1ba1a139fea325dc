"""A strict X."""
