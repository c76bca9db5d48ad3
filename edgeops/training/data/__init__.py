"""Data for training: adapters, repairs, targets, splits, quality."""
