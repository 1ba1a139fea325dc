"""The demo workspace: what it says, who is in it, and how its two months come about through the real services."""
