"""The calendar over REST."""
