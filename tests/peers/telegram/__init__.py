"""A strict Bot API."""
