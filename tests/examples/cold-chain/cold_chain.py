"""Watches refrigerated trucks: one that gets warm is cooled, and reports more often."""

from azure.iot.hub import IoTHubRegistryManager
from azure.iot.hub.models import CloudToDeviceMethod, Twin, TwinProperties
from msrest.exceptions import HttpOperationError

WARM = 8.0  # degrees Celsius
INTERVAL = 60  # seconds between two readings
INTERVAL_IF_WARM = 10


class ColdChain:
    """The service, on the hub of a connection string."""

    def __init__(self, connection_string: str) -> None:
        self._hub = IoTHubRegistryManager.from_connection_string(connection_string)

    def on_reading(self, truck: str, reading: dict) -> bool:
        """Takes one message, as an Azure Function with an IoT Hub trigger gets it.

        False if the hub could not take the answer now: the message must come again.
        """
        warm = reading["temperature"] > WARM
        desired = {"interval": INTERVAL_IF_WARM if warm else INTERVAL}
        try:
            self._hub.update_twin(truck, Twin(properties=TwinProperties(desired=desired)))
            if warm:
                self._hub.invoke_device_method(
                    truck,
                    CloudToDeviceMethod(
                        method_name="cool",
                        payload={"target": 4},
                        connect_timeout_in_seconds=5,
                        response_timeout_in_seconds=5,
                    ),
                )
        except HttpOperationError as error:
            if error.response.status_code in (429, 500, 503):
                return False
            raise
        return True
