"""A client that reads the events of a running local hub."""

from __future__ import annotations

import http.client
import json
import ssl
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from urllib.parse import quote_plus, urlencode

from edgeops.errors import EdgeOpsError
from edgeops.jsonvalue import JsonObject
from edgeops.localhub.access import Endpoint, running
from edgeops.localhub.files import StateFiles
from edgeops.localhub.policies import policy_keys
from edgeops.localhub.sas import signature

_POLICY = "service"
_PAGE = 1000
_SECONDS_TO_WAIT = 30
_SECONDS_TO_ANSWER = 10


def tail(state_dir: Path, *, last: int, device: str | None, follow: bool) -> Iterator[JsonObject]:
    """The newest `last` events; with `follow`, then new events as they arrive.

    `device` selects the events of one device and its modules. Raises
    `EdgeOpsError` when no hub runs on the state directory, or it stops.
    """
    endpoint = running(state_dir)
    if endpoint is None:
        raise EdgeOpsError("the local hub is not running", "start it with `edgeops hub serve`")
    key = policy_keys(StateFiles(state_dir))[_POLICY]
    selected: dict[str, str | int] = {"device": device} if device else {}
    cursor, wait = {"last": last}, 0
    while True:
        page = _page(endpoint, key, {**selected, **cursor, "max": _PAGE, "wait": wait})
        yield from page["events"]
        cursor = {"after": page["next"]}
        if not page["events"]:
            if not follow:
                return
            wait = _SECONDS_TO_WAIT


def _page(endpoint: Endpoint, key: str, query: Mapping[str, str | int]) -> JsonObject:
    resource = quote_plus(endpoint.hostname)
    expiry = str(int(time.time()) + 300)
    signed = quote_plus(signature(key, resource, expiry))
    token = f"SharedAccessSignature sr={resource}&sig={signed}&se={expiry}&skn={_POLICY}"
    connection = http.client.HTTPSConnection(
        endpoint.name,
        endpoint.port,
        context=ssl.create_default_context(cafile=endpoint.ca_file),
        timeout=_SECONDS_TO_WAIT + _SECONDS_TO_ANSWER,
    )
    try:
        connection.request("GET", f"/events?{urlencode(query)}", headers={"Authorization": token})
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise EdgeOpsError("the local hub no longer answers: was it stopped?") from error
    finally:
        connection.close()
    if response.status != 200:
        raise EdgeOpsError(f"the local hub answered {response.status} to a request for its events")
    page: JsonObject = json.loads(body)
    return page
