"""Requests of this machine to its running local hub, authorized by the keys in its state."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote_plus

from edgeops.errors import EdgeOpsError
from edgeops.localhub.access import running
from edgeops.localhub.files import StateFiles
from edgeops.localhub.policies import policy_keys
from edgeops.localhub.sas import signature

_SECONDS_FOR_TOKEN = 300


class Send(Protocol):
    """Sends a request, such as `client` gives."""

    def __call__(
        self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        """The JSON of the answer, None for an empty one; `path` has the query, a body is JSON."""


def client(state_dir: Path, policy: str, *, seconds: float) -> Send:
    """Sends requests with the rights of a policy; an answer may take so many seconds.

    Raises `EdgeOpsError` when no hub runs on the state directory, and the client
    when it stops, or answers with an error.
    """
    endpoint = running(state_dir)
    if endpoint is None:
        raise EdgeOpsError("the local hub is not running", "start it with `edgeops hub serve`")
    key = policy_keys(StateFiles(state_dir))[policy]
    context = ssl.create_default_context(cafile=endpoint.ca_file)

    def send(
        method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None
    ) -> Any:
        resource = quote_plus(endpoint.hostname)
        expiry = str(int(time.time()) + _SECONDS_FOR_TOKEN)
        signed = quote_plus(signature(key, resource, expiry))
        token = f"SharedAccessSignature sr={resource}&sig={signed}&se={expiry}&skn={policy}"
        connection = http.client.HTTPSConnection(
            endpoint.name, endpoint.port, context=context, timeout=seconds
        )
        try:
            content = None if body is None else json.dumps(body)
            connection.request(method, path, content, {"Authorization": token, **(headers or {})})
            response = connection.getresponse()
            answer = response.read()
        except (OSError, http.client.HTTPException) as error:
            raise EdgeOpsError("the local hub no longer answers: was it stopped?") from error
        finally:
            connection.close()
        if response.status not in (200, 201, 204):
            raise EdgeOpsError(
                f"the local hub answered {response.status} to {method} {path}{_reason(answer)}"
            )
        return json.loads(answer) if answer else None

    return send


def _reason(answer: bytes) -> str:
    """What an error body of the hub says, after a colon; empty if it says nothing."""
    try:
        message = json.loads(answer)["Message"]
    except (ValueError, KeyError, TypeError):
        return ""
    return f": {message.partition(';')[2] or message}"
