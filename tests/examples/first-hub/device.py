import sys

from azure.iot.device import IoTHubDeviceClient

client = IoTHubDeviceClient.create_from_connection_string(sys.argv[1])
client.send_message('{"temperature": 9.5}')
client.shutdown()
