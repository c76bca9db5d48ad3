"""Access to an IoT Hub: the interface `port.Hub`, and its implementation for Azure's API."""
