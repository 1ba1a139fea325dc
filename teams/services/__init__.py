"""What can be done to people, workspaces, keys and absences: one noun per module."""
