"""Any system of one's own that takes posts by signed calls."""
