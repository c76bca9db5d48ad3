"""How good forecasts were: the same code judges a model in training and on a device. Pure."""
