"""The rules of an IoT Hub as pure functions: values and the time come in, values come out."""
