"""Reads deployments that exist already: pure functions, text in, values out."""
