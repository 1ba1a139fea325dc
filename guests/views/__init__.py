"""Pages of guests, and the pages on which members make and end their links."""
