"""The names of the devices that hold the history of a fleet."""

DEVICE_PREFIX = "edgeops."


def history_device(fleet: str) -> str:
    """The id of the device that holds the history of a fleet."""
    return f"{DEVICE_PREFIX}{fleet}"  # an id: the name of a fleet is at most 64 of its characters


def is_history_device(device: str) -> bool:
    """Whether a device id is of those that hold the history of a fleet, and no manifest may use."""
    return device.startswith(DEVICE_PREFIX)
