"""Pages of people and workspaces, one noun per module."""
