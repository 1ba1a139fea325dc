"""What can be done to channels, their credentials and their grants: one noun per module."""
