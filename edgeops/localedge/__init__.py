"""Stands in for the IoT Edge runtime: runs the modules of devices as processes of this machine."""
