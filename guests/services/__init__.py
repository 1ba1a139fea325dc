"""What changes links, and what guests do by them."""
