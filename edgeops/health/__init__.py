"""What a device's reports mean: its health, as values worked out from twins. Pure."""
