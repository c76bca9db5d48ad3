"""IoT Edge module that turns hourly observations into forecasts, with the model of a slot."""
