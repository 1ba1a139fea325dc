"""Pages of surveys and of what members tell of themselves."""
