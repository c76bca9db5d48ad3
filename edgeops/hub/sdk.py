"""Microsoft's service SDK (azure-iot-hub) made to behave: settings, and its exceptions as ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from edgeops.errors import EdgeOpsError
from edgeops.hub.credentials import Credential, no_entra_token
from edgeops.hub.errors import Answer, Subject, odd_answer, refusal
from edgeops.hub.unreachable import Failure, no_answer

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0

Managers = tuple[Any, Any]  # the SDK has no types: registry manager, configuration manager


def connect(credential: Credential, ca_file: str | None, proxy: str | None) -> Managers:
    """A registry and a configuration manager that keep their connection and never retry.

    Raises `EdgeOpsError` where the SDK is not installed, `Unauthorized`.
    """
    try:
        from azure.iot.hub import IoTHubConfigurationManager, IoTHubRegistryManager
    except ImportError as error:
        raise EdgeOpsError(
            "azure-iot-hub is not installed: devices, modules and edge deployments "
            "cannot be written from this machine",
            "Microsoft publishes it for x86-64 only; run this command on such a machine "
            "(reading and patching twins works everywhere)",
        ) from error
    managers = (
        credential.manager(IoTHubRegistryManager),
        credential.manager(IoTHubConfigurationManager),
    )
    for manager in managers:
        _configure(manager.protocol.config, ca_file, proxy)
    return managers


def _configure(config: Any, ca_file: str | None, proxy: str | None) -> None:
    config.keep_alive = True
    # hub/retry.py retries for both clients. The session holds this policy already: change it.
    config.retry_policy.retries = 0
    config.retry_policy.policy.status_forcelist = ()
    config.redirect_policy.allow = False
    config.connection.timeout = (CONNECT_SECONDS, READ_SECONDS)
    config.connection.verify = ca_file or True
    config.proxies.use_env_settings = False  # the proxy was looked up once, for both clients
    if proxy:
        config.proxies.add("https", proxy)


def close(managers: Managers) -> None:
    """Close the connections that this thread opened."""
    for manager in managers:
        manager.protocol.close()


@contextmanager
def errors_as_ours(subject: Subject) -> Iterator[None]:
    """Turns every exception of a call of the SDK into `HubError` or `Transient`."""
    from azure.core.exceptions import AzureError
    from msrest.exceptions import ClientRequestError, HttpOperationError
    from requests import RequestException

    try:
        yield
    except HttpOperationError as error:
        raise refusal(_answer_of(error), subject) from error
    except ClientRequestError as error:
        raise no_answer(failure_of(error.inner_exception), subject.hub) from error
    except RequestException as error:  # while reading the body
        raise no_answer(failure_of(error), subject.hub) from error
    except AzureError as error:
        raise no_entra_token(subject.hub) from error
    except ValueError as error:  # the SDK could not read a successful answer
        raise odd_answer(subject) from error


def _answer_of(error: Any) -> Answer:
    """What the hub answered: `str()` of the SDK's exception has only the reason phrase."""
    response = error.response
    return Answer(response.status_code, response.headers, response.content)


def failure_of(error: Any) -> Failure:
    """What kind of failure an exception of requests is."""
    import requests
    from urllib3.exceptions import NameResolutionError, NewConnectionError

    kinds = (
        (requests.exceptions.SSLError, Failure.TLS),
        (requests.exceptions.ProxyError, Failure.PROXY),
        (requests.exceptions.Timeout, Failure.TIMEOUT),
    )
    for kind, failure in kinds:
        if isinstance(error, kind):
            return failure
    cause = getattr(error.args[0], "reason", None) if error.args else None
    if isinstance(cause, NameResolutionError):
        return Failure.DNS
    return Failure.REFUSED if isinstance(cause, NewConnectionError) else Failure.CUT
