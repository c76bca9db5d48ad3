"""Reads the data of a model: observations, what is known ahead, targets, splits and quality."""
