"""The service API of IoT Hub over HTTPS: paths, headers and bodies; the rules are elsewhere."""
