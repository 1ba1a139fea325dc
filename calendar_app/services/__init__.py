"""What can be done with posts and the calendar, one noun per module."""
