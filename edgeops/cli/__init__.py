"""What a user types: one file per command, with its options, one call of the API, one report."""
