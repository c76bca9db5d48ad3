"""A stand-in for the IoT Edge runtime: runs the modules of devices as processes on one machine."""
