"""Configures Microsoft's service SDK (azure-iot-hub), and translates its exceptions."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Any

from edgeops.hub.credentials import Credential, no_entra_token
from edgeops.hub.errors import Answer, Failure, Subject, no_answer, odd_answer, refusal
from edgeops.hub.port import HubError
from edgeops.translate import translate

CONNECT_SECONDS = 10.0
READ_SECONDS = 60.0

Managers = tuple[Any, Any]  # the SDK has no types: registry manager, configuration manager


def connect(credential: Credential, ca_file: str | None, proxy: str | None) -> Managers:
    """A registry and a configuration manager that keep connections open and never retry.

    Raises `HubError` when the SDK is not installed, and `Unauthorized`.
    """
    try:
        from azure.iot.hub import IoTHubConfigurationManager, IoTHubRegistryManager
    except ImportError as error:
        raise HubError(
            "azure-iot-hub is not installed, so that edge deployments cannot be written, modules "
            "not created, and nothing deleted from this machine",
            "Microsoft publishes it for x86-64 only; run this command on an x86-64 machine "
            "(creating devices, reading and patching twins works everywhere)",
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
    # hub/retry.py retries for both clients. The session already uses this object: change it.
    config.retry_policy.retries = 0
    config.retry_policy.policy.status_forcelist = ()
    config.redirect_policy.allow = False
    config.connection.timeout = (CONNECT_SECONDS, READ_SECONDS)
    config.connection.verify = ca_file or True
    config.proxies.use_env_settings = False  # the proxy was determined once, for both clients
    if proxy:
        config.proxies.add("https", proxy)


def close(managers: Managers) -> None:
    """Close the connections that this thread opened."""
    for manager in managers:
        manager.protocol.close()


def sdk_errors(subject: Subject) -> AbstractContextManager[None]:
    """For `with`: turns every exception of the SDK into `HubError` or `Transient`."""
    from azure.core.exceptions import AzureError
    from msrest.exceptions import ClientRequestError, HttpOperationError
    from requests import RequestException

    def no_answer_of(error: Any) -> Exception:
        return no_answer(failure_of(error), subject.hub)

    return translate(
        (HttpOperationError, lambda error: refusal(_answer_of(error), subject)),
        (ClientRequestError, lambda error: no_answer_of(error.inner_exception)),
        (RequestException, no_answer_of),  # while reading the body
        (AzureError, lambda _: no_entra_token(subject.hub)),
        (ValueError, lambda _: odd_answer(subject)),  # a success that the SDK could not parse
    )


def _answer_of(error: Any) -> Answer:
    """The response of the hub: `str()` of the SDK's exception has only the reason phrase."""
    response = error.response
    return Answer(response.status_code, response.headers, response.content)


def failure_of(error: Any) -> Failure:
    """The kind of failure that an exception of requests means."""
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
