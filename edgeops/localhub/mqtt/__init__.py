"""The device side of the hub: MQTT 3.1.1 as IoT Hub speaks it; no C2D messages, no websockets."""
