"""Stored files: uploads made safe, their thumbnails, the signed addresses at which they can be seen.

Never keeps a file as it came: what is stored was decoded and written anew. Knows no posts.
"""
