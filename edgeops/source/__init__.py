"""Reads a fleet from git at a revision, or from the working tree."""
