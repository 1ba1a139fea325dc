"""Surveys and what members tell of themselves, for programs."""
