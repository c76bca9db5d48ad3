"""Models: from data to a published release."""
