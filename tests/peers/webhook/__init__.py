"""A strict receiver of webhooks."""
