"""Questions about check-ins."""
