"""Check-ins over REST."""
