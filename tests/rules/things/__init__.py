"""What the apps above the people put into the two workspaces of the crawl: one module for each app."""
