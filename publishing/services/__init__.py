"""Planning, delivering, settling, resolving and pausing."""
