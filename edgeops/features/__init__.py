"""Turns hourly observations into the windows that a model takes, in training as on devices."""
