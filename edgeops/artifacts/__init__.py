"""Model files: the stores that hold published files, and their verification."""
