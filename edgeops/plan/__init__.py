"""The three-way diff of desired state, ownership stamps and live twins. Pure, no I/O."""
