"""The port to an IoT Hub (`port.Hub`) and its adapters: Azure, and one in memory."""
