"""From hourly observations to the windows of a model; the same code in training and on devices."""
