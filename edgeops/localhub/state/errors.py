"""The errors of an IoT Hub: HTTP status, Azure's name for the error, and a message.

Source: "Understand Azure IoT Hub error codes", Microsoft Learn.
"""

from __future__ import annotations


class HubFault(Exception):
    """The hub refuses a request: HTTP status, Azure's name for the error, and a message.

    `retry_after` is the header Retry-After, in seconds.
    """

    def __init__(
        self, status: int, code: str, message: str, retry_after: float | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.retry_after = retry_after


class InvalidToken(HubFault):
    """401: there is no valid token, or its policy lacks a permission.

    Azure does not say which; `why` is for the log of the hub only.
    """

    def __init__(self, why: str) -> None:
        super().__init__(401, "IotHubUnauthorizedAccess", "Unauthorized")
        self.why = why


def invalid(message: str) -> HubFault:
    """400: an argument is invalid."""
    return HubFault(400, "ArgumentInvalid", message)


def unreadable(message: str) -> HubFault:
    """400: the body is not the JSON that the operation requires."""
    return HubFault(400, "DeserializationError", message)


def unknown_job_type(types: str) -> HubFault:
    """400000: the type of a job is missing or unknown."""
    return HubFault(400, "GenericBadRequest", f"'type' must be one of {types}.")


def bad_target_condition(message: str) -> HubFault:
    """400401: a configuration's target condition is not a query."""
    return HubFault(400, "InvalidConfigurationTargetCondition", message)


def bad_content(message: str) -> HubFault:
    """400402: the content of a configuration or deployment is invalid."""
    return HubFault(400, "InvalidConfigurationContent", message)


def content_is_immutable() -> HubFault:
    """400403: only labels, metrics, priority and target condition can change."""
    return HubFault(
        400, "CannotModifyImmutableConfigurationContent", "Configuration content cannot be modified"
    )


def bad_metric(message: str) -> HubFault:
    """400404: a custom metric of a configuration is not a query."""
    return HubFault(400, "InvalidConfigurationCustomMetricsQuery", message)


def unauthorized(why: str = "") -> InvalidToken:
    """401: there is no valid token, or its policy lacks a permission."""
    return InvalidToken(why)


def system_module() -> HubFault:
    """401100: only deployments can change `$edgeAgent` and `$edgeHub`."""
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


def no_file_uploads() -> HubFault:
    """400003: the local hub has no blob storage for the files of devices."""
    return HubFault(
        400, "InvalidOperation", "The local hub has no storage: it does not take file uploads."
    )


def queue_full(device: str, limit: int) -> HubFault:
    """403004: as many cloud-to-device messages wait for the device as possible."""
    return HubFault(
        403,
        "DeviceMaximumQueueDepthExceeded",
        f"At most {limit} messages can wait for device '{device}'.",
    )


def job_not_found(job: str) -> HubFault:
    """404002: the job does not exist."""
    return HubFault(404, "JobNotFound", f"Job {job} not found")


def device_not_found(device: str) -> HubFault:
    """404001: the device does not exist."""
    return HubFault(404, "DeviceNotFound", f"Device {device} not registered")


def module_not_found(device: str, module: str) -> HubFault:
    """404010: the module does not exist."""
    return HubFault(404, "ModuleNotFound", f"Module {device}/{module} not registered")


def device_not_online() -> HubFault:
    """404103: the device did not connect and subscribe to methods in time."""
    return HubFault(404, "DeviceNotOnline", "Timed out waiting for device to connect.")


def configuration_not_found(configuration: str) -> HubFault:
    """404301: the configuration does not exist."""
    return HubFault(404, "ConfigurationNotFound", f"Configuration {configuration} does not exist")


def job_not_cancellable(status: str) -> HubFault:
    """405102: the job runs or has ended."""
    return HubFault(
        405,
        "OperationNotAllowedInCurrentState",
        f"Job cannot be cancelled in '{status.capitalize()}' status.",
    )


def no_import_export() -> HubFault:
    """405103: the local hub has no blob storage for import and export jobs."""
    return HubFault(
        405,
        "ImportDevicesNotSupported",
        "The local hub does not import or export devices by jobs; use `POST /devices` instead.",
    )


def device_exists(device: str) -> HubFault:
    """409001: the device exists already."""
    return HubFault(
        409, "DeviceAlreadyExists", f"A device with ID '{device}' is already registered."
    )


def module_exists(device: str, module: str) -> HubFault:
    """409301: the module exists already."""
    return HubFault(
        409,
        "ModuleAlreadyExistsOnDevice",
        f"A module with ID '{module}' is already registered on device '{device}'.",
    )


def job_exists(job: str) -> HubFault:
    """409104: a job with this id was created in the last 30 days."""
    return HubFault(409, "JobAlreadyExists", f"A job with ID '{job}' already exists.")


def configuration_exists(configuration: str) -> HubFault:
    """409401: the configuration exists already."""
    return HubFault(
        409,
        "ConfigurationAlreadyExists",
        f"A configuration with ID '{configuration}' already exists.",
    )


def etag_mismatch() -> HubFault:
    """412001: the resource was written since the caller read it."""
    return HubFault(
        412,
        "PreconditionFailed",
        "The etag in the request does not match the etag of the existing resource, "
        "as per RFC7232, please check and retry.",
    )


def message_lock_lost() -> HubFault:
    """412002: the device has not received such a message, or too long ago."""
    return HubFault(412, "DeviceMessageLockLost", "The lock of the message is lost or unknown.")


def body_too_slow() -> HubFault:
    """408: the body of the request did not arrive in time."""
    return HubFault(408, "RequestTimeout", "The body of the request did not arrive in time.")


def body_too_big(max_bytes: int) -> HubFault:
    """413001: the request body exceeds the limit."""
    return HubFault(413, "MessageTooLarge", f"The request body is larger than {max_bytes} bytes.")


def message_too_big(max_bytes: int) -> HubFault:
    """413001: a cloud-to-device message is larger than the limit."""
    return HubFault(
        413, "MessageTooLarge", f"A message, with its properties, has at most {max_bytes} bytes."
    )


def too_many_devices(limit: int) -> HubFault:
    """413002: a bulk request names too many devices."""
    return HubFault(413, "TooManyDevices", f"At most {limit} devices can be given in one request.")


def too_many_seeded(most: int) -> HubFault:
    """413: a document names more devices and modules than the local hub writes at once."""
    return HubFault(413, "TooManyDevices", f"At most {most:,} devices and modules can be seeded.")


def too_many_modules(device: str, limit: int) -> HubFault:
    """413003: the device has the maximum number of modules."""
    return HubFault(
        413, "TooManyModulesOnDevice", f"Device '{device}' can have at most {limit} modules."
    )


def too_many_configurations(limit: int) -> HubFault:
    """413101: the hub has the maximum number of configurations or deployments."""
    return HubFault(
        413,
        "ConfigurationCountLimitExceeded",
        f"The hub can have at most {limit} configurations and as many edge deployments.",
    )


def throttled(retry_after: float | None) -> HubFault:
    """429001: too many operations of this kind."""
    return HubFault(
        429, "ThrottlingException", "The request was throttled, please retry later.", retry_after
    )


def too_many_jobs(limit: int) -> HubFault:
    """429004: as many jobs as possible are waiting or running."""
    return HubFault(
        429,
        "ThrottlingMaxActiveJobCountExceeded",
        f"At most {limit} jobs can be active; wait until one has ended.",
    )


def bad_method_response() -> HubFault:
    """502: the response of the device to a direct method is not JSON."""
    return HubFault(502, "BadDeviceResponse", "The response of the device is not JSON.")


def stopping() -> HubFault:
    """503: the hub is stopping."""
    return HubFault(503, "ServiceUnavailable", "The hub is stopping.")


def no_method_response() -> HubFault:
    """504101: the device did not respond to a direct method in time."""
    return HubFault(504, "GatewayTimeout", "Timed out waiting for the response from device.")
