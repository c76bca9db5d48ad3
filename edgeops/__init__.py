"""Desired state of IoT fleets in git, synced to Azure IoT Hub twins."""

__version__ = "0.1.0"
