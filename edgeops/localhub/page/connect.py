"""How a client connects: its connection string, and the lines for Microsoft's SDKs and az.

Sources: the documentation of azure-iot-device (Python), azure-iot-device-mqtt (Node),
Microsoft.Azure.Devices(.Client) (.NET) and of the azure-iot extension of az, Microsoft Learn.
"""

from __future__ import annotations

import json
import shlex

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.access import Endpoint, device_string, service_string
from edgeops.localhub.client_certificate import X509_TYPES
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.errors import HubFault


def for_service(endpoint: Endpoint, policy: str, key: str) -> JsonObject:
    """The connection string of a policy, and how services use it."""
    string = service_string(endpoint, policy, key)
    quoted = _literal(string)
    port = "" if endpoint.hostname == endpoint.name else "  // needs a hub on port 443"
    return _document(
        string,
        Shell=_trust(endpoint, "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"),
        Python=(
            "from azure.iot.hub import IoTHubRegistryManager\n"
            f"registry = IoTHubRegistryManager.from_connection_string(\n    {quoted}\n)"
        ),
        Node=(
            f"const {{ Registry }} = require('azure-iothub');{port}\n"
            f"const registry = Registry.fromConnectionString(\n    {quoted});"
        ),
        NET=(
            "using Microsoft.Azure.Devices;\n"
            f"var registry = RegistryManager.CreateFromConnectionString(\n    {quoted});"
        ),
        az=f"az iot hub device-identity list --login {shlex.quote(string)}",
    )


def for_client(endpoint: Endpoint, entry: RegistryEntry) -> JsonObject:
    """The connection string of a device or module, and how it uses it.

    One with a certificate has the connection string alone. Raises `HubFault` 404 when it has
    neither certificate nor key.
    """
    identity = entry.identity
    key, how = identity.authentication.primary_key, identity.authentication.type
    if key is None and how not in X509_TYPES:
        raise HubFault(404, "NoKey", f"It has no key: it authenticates by {how}.")
    string = device_string(endpoint, identity.device, identity.module, key)
    if key is None:
        return _document(string)
    quoted, ca = _literal(string), _literal(str(endpoint.ca_file))
    kind = "Module" if identity.module else "Device"
    node = "ModuleClient" if identity.module else "Client"
    return _document(
        string,
        Shell=_trust(endpoint, "NODE_EXTRA_CA_CERTS", "SSL_CERT_FILE"),
        Python=(
            f"from azure.iot.device import IoTHub{kind}Client\n"
            f"client = IoTHub{kind}Client.create_from_connection_string(\n"
            f"    {quoted},\n"
            f"    server_verification_cert=open({ca}).read(),\n"
            ")"
        ),
        Node=(
            f"const {{ {node} }} = require('azure-iot-device');\n"
            "const { Mqtt } = require('azure-iot-device-mqtt');\n"
            f"const client = {node}.fromConnectionString(\n    {quoted},\n    Mqtt);"
        ),
        NET=(
            "using Microsoft.Azure.Devices.Client;\n"
            f"var client = {kind}Client.CreateFromConnectionString(\n"
            f"    {quoted},\n"
            "    TransportType.Mqtt_Tcp_Only);"
        ),
    )


def _literal(text: str) -> str:
    """A string literal, as Python, JavaScript and C# write it: a device id can hold quotes."""
    return json.dumps(text, ensure_ascii=False)


def _trust(endpoint: Endpoint, *variables: str) -> str:
    ca = shlex.quote(str(endpoint.ca_file))
    return "export " + " ".join(f"{variable}={ca}" for variable in variables)


def _document(string: str, **lines: str) -> JsonObject:
    titles = {"Shell": "Trust the certificate", "NET": ".NET"}
    return {
        "string": string,
        "lines": [{"title": titles.get(name, name), "text": text} for name, text in lines.items()],
    }
