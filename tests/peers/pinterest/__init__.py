"""A strict Pinterest."""
