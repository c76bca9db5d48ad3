"""The health of devices, computed from their twins. No I/O."""
