"""Desired state of IoT fleets in git, synced to Azure IoT Hub twins."""

import os

__version__ = "0.1.0"

# Since 1.29, onnxruntime tells its maker which models are loaded, also on Linux, unless this is set
# when it is imported. Processes inherit it; what the user has set stays.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")
