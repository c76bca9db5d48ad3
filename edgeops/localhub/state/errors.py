"""The refusals of an IoT Hub: HTTP status, Azure's name of the error, and a message.

Source: "Understand Azure IoT Hub error codes", Microsoft Learn.
"""

from __future__ import annotations


class HubFault(Exception):
    """A request that the hub refuses: HTTP status, Azure's name for it, and what is wrong."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


def invalid(message: str) -> HubFault:
    """400: an argument makes no sense."""
    return HubFault(400, "ArgumentInvalid", message)


def unreadable(message: str) -> HubFault:
    """400: the body is not the JSON that the operation takes."""
    return HubFault(400, "DeserializationError", message)


def bad_target_condition(message: str) -> HubFault:
    """400401: a configuration's target condition is not a query."""
    return HubFault(400, "InvalidConfigurationTargetCondition", message)


def bad_content(message: str) -> HubFault:
    """400402: the content of a configuration or a deployment makes no sense."""
    return HubFault(400, "InvalidConfigurationContent", message)


def content_is_immutable() -> HubFault:
    """400403: only labels, metrics, priority and target condition can change."""
    return HubFault(
        400, "CannotModifyImmutableConfigurationContent", "Configuration content cannot be modified"
    )


def bad_metric(message: str) -> HubFault:
    """400404: a custom metric of a configuration is not a query."""
    return HubFault(400, "InvalidConfigurationCustomMetricsQuery", message)


def unauthorized() -> HubFault:
    """401: no valid token, or its policy does not allow this. Says no more than Azure does."""
    return HubFault(401, "IotHubUnauthorizedAccess", "Unauthorized")


def system_module() -> HubFault:
    """401100: `$edgeAgent` and `$edgeHub` change by deployment only."""
    return HubFault(
        401, "SystemModuleModifyUnauthorizedAccess", "Unauthorized to modify reserved module."
    )


def section_too_big(section: str, max_bytes: int) -> HubFault:
    """403100: tags, desired or reported properties exceed their size."""
    return HubFault(
        403,
        "DeviceModelMaxPropertiesExceeded",
        f"'{section}' size should be less than {max_bytes} bytes.",
    )


def device_not_found(device: str) -> HubFault:
    """404001."""
    return HubFault(404, "DeviceNotFound", f"Device {device} not registered")


def module_not_found(device: str, module: str) -> HubFault:
    """404010."""
    return HubFault(404, "ModuleNotFound", f"Module {device}/{module} not registered")


def device_not_online() -> HubFault:
    """404103: no device that takes direct methods connected in time."""
    return HubFault(404, "DeviceNotOnline", "Timed out waiting for device to connect.")


def configuration_not_found(configuration: str) -> HubFault:
    """404301."""
    return HubFault(404, "ConfigurationNotFound", f"Configuration {configuration} does not exist")


def device_exists(device: str) -> HubFault:
    """409001."""
    return HubFault(
        409, "DeviceAlreadyExists", f"A device with ID '{device}' is already registered."
    )


def module_exists(device: str, module: str) -> HubFault:
    """409301."""
    return HubFault(
        409,
        "ModuleAlreadyExistsOnDevice",
        f"A module with ID '{module}' is already registered on device '{device}'.",
    )


def configuration_exists(configuration: str) -> HubFault:
    """409401."""
    return HubFault(
        409,
        "ConfigurationAlreadyExists",
        f"A configuration with ID '{configuration}' already exists.",
    )


def etag_mismatch() -> HubFault:
    """412001: somebody wrote since the caller read."""
    return HubFault(
        412,
        "PreconditionFailed",
        "The etag in the request does not match the etag of the existing resource, "
        "as per RFC7232, please check and retry.",
    )


def body_too_slow() -> HubFault:
    """408: the rest of the request did not come in time."""
    return HubFault(408, "RequestTimeout", "The body of the request did not come in time.")


def body_too_big(max_bytes: int) -> HubFault:
    """413001: the request is larger than the hub reads."""
    return HubFault(413, "MessageTooLarge", f"The request body is larger than {max_bytes} bytes.")


def too_many_devices(most: int) -> HubFault:
    """413002: a bulk request names too many."""
    return HubFault(413, "TooManyDevices", f"At most {most} devices can be given in one request.")


def too_many_modules(device: str, most: int) -> HubFault:
    """413003."""
    return HubFault(
        413, "TooManyModulesOnDevice", f"Device '{device}' can have at most {most} modules."
    )


def too_many_configurations(most: int) -> HubFault:
    """413101."""
    return HubFault(
        413,
        "ConfigurationCountLimitExceeded",
        f"The hub can have at most {most} configurations and as many edge deployments.",
    )


def bad_method_answer() -> HubFault:
    """502: what the device answered to a direct method is not JSON."""
    return HubFault(502, "BadDeviceResponse", "The response of the device is not JSON.")


def stopping() -> HubFault:
    """503: the hub is going down."""
    return HubFault(503, "ServiceUnavailable", "The hub is stopping.")


def no_method_answer() -> HubFault:
    """504101: the device did not answer a direct method in time."""
    return HubFault(504, "GatewayTimeout", "Timed out waiting for the response from device.")
