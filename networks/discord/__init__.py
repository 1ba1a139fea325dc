"""Channels of Discord, through a webhook or a bot."""
