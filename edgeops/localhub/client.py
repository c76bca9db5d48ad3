"""Requests of this machine to its running local hub, authorized by the keys in its state."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus

from edgeops.errors import EdgeOpsError
from edgeops.localhub.access import running
from edgeops.localhub.files import StateFiles
from edgeops.localhub.policies import policy_keys
from edgeops.localhub.sas import signature

# Method, path with query, and JSON body (None for none); gives the JSON of the answer, if any.
Send = Callable[[str, str, Any], Any]
# Method, path with query, headers and body; gives the status and the body of the answer.
SendRaw = Callable[[str, str, Mapping[str, str | bytes], bytes | None], tuple[int, bytes]]
_SECONDS_FOR_TOKEN = 300
_DONE = (200, 201, 204)


class LocalHubRefusal(EdgeOpsError):
    """The hub has answered with an error, which has an HTTP status."""

    def __init__(self, message: str, status: int) -> None:
        super().__init__(message)
        self.status = status


def client(state_dir: Path, policy: str, *, seconds: float) -> Send:
    """Sends requests with the rights of a policy; an answer may take so many seconds.

    Raises `EdgeOpsError` when no hub runs on the state directory, or its certificate cannot be
    read, and the client when it stops, and `LocalHubRefusal` when it answers with an error.
    """
    send_raw = raw_client(state_dir, policy, seconds=seconds)

    def send(method: str, path: str, body: Any = None) -> Any:
        content = None if body is None else json.dumps(body).encode()
        return json_of(f"{method} {path}", *send_raw(method, path, {}, content))

    return send


def json_of(asked: str, status: int, answer: bytes) -> Any:
    """The JSON of an answer, if any. Raises `LocalHubRefusal` if it is an error."""
    if status not in _DONE:
        why = reason(answer) or f"it answered {status} to {asked}"
        raise LocalHubRefusal(f"the local hub refuses this: {why}", status)
    return json.loads(answer) if answer else None


def raw_client(state_dir: Path, policy: str, *, seconds: float) -> SendRaw:
    """Sends requests as `client` does, with any body, and leaves it to the caller to judge answers.

    The client also raises `ValueError` for a header that HTTP cannot carry.
    """
    endpoint = running(state_dir)
    if endpoint is None:
        raise EdgeOpsError(
            f"the local hub in {state_dir} is not running",
            "start it with `edgeops hub serve`, or name the folder of another with --dir",
        )
    key = policy_keys(StateFiles(state_dir))[policy]
    try:
        context = ssl.create_default_context(cafile=endpoint.ca_file)
    except OSError as error:
        raise EdgeOpsError(
            f"cannot use the local hub's certificate in {endpoint.ca_file}",
            "stop the hub, and delete this file; the next start makes a new one",
        ) from error
    host = f"{endpoint.local_name}:{endpoint.port}"

    def send(
        method: str, path: str, headers: Mapping[str, str | bytes], content: bytes | None
    ) -> tuple[int, bytes]:
        resource = quote_plus(host)
        expiry = str(int(time.time()) + _SECONDS_FOR_TOKEN)
        signed = quote_plus(signature(key, resource, expiry))
        token = f"SharedAccessSignature sr={resource}&sig={signed}&se={expiry}&skn={policy}"
        connection = http.client.HTTPSConnection(host, context=context, timeout=seconds)
        try:
            connection.request(method, path, content, {**headers, "Authorization": token})
            response = connection.getresponse()
            return response.status, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise EdgeOpsError("the local hub no longer answers: was it stopped?") from error
        finally:
            connection.close()

    return send


def reason(answer: bytes) -> str:
    """What the hub says in the body of an error, without Azure's name for it; empty for another."""
    try:
        return str(json.loads(answer)["Message"].partition(";")[2])
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""
