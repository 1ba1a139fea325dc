"""The demo workspace: believable weeks of Acme Kopi, loaded through the real services."""
