"""IoT Edge module that fetches, verifies and switches the models its twin asks for."""
