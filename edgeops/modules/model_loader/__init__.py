"""IoT Edge module that downloads, verifies and installs the models named in its module twin."""
