"""The device API: MQTT 3.1.1 as IoT Hub speaks it, over TLS.

`server.py` runs connections on the MQTT port, `http/websocket.py` on the HTTPS port.
"""
