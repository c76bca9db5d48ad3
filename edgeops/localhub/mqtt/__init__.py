"""The device API: MQTT 3.1.1 as IoT Hub speaks it; no cloud-to-device messages, no WebSockets."""
