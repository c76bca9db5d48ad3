"""The local IoT Hub emulator: HTTPS and MQTT servers on loopback that Azure SDKs can talk to."""
