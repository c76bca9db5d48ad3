"""Applies a plan to a hub, device by device; nothing else writes to hubs."""
