"""A strict Discord."""
