"""The built-in network: a public page of the workspace with its feeds."""
