"""Releases on their way through the fleet: which ring is next, and the edit that moves it."""
