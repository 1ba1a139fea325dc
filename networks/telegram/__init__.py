"""Channels and groups of Telegram, through a bot."""
