"""Model files: their digests, and the stores that hold what was published."""
