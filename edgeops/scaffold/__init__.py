"""The files that `edgeops init` writes."""
