"""The rules of an IoT Hub as pure functions: they get the time and stored values, and do no I/O."""
