"""Writing, telling and sealing the record."""
