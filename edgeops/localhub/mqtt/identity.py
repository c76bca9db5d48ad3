"""The identity that a client claims: its MQTT client id and username.

Sources: "Communicate with an IoT hub using the MQTT protocol" and "IoT Plug and
Play device developer guide", Microsoft Learn.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import unquote

from edgeops.localhub.limits import valid_id

MAX_MODEL_CHARACTERS = 2048  # of a DTMI
_MODEL = "model-id="


@dataclass(frozen=True, slots=True)
class ClaimedIdentity:
    """A hub's host name, a device, and a module (empty for the device itself).

    `model` is the id of the Plug and Play model that it implements, empty if it names none.
    """

    host: str
    device: str
    module: str
    model: str = ""


def claimed_identity(client_id: str, username: str) -> ClaimedIdentity | None:
    """The identity in a client id and a username, None when they are invalid or disagree.

    The username is `{host}/{client id}/?api-version=...&model-id=...`, the client
    id `{device}` or `{device}/{module}`; neither is percent-encoded. The version
    may be missing: the local hub supports one version only.
    """
    host, _, rest = username.partition("/")
    device, _, module = client_id.partition("/")
    agree = rest == client_id or rest.startswith(f"{client_id}/")
    well_formed = valid_id(device) and (valid_id(module) or client_id == device)
    if not (host and agree and well_formed):
        return None
    model = _model(rest.removeprefix(client_id).removeprefix("/"))
    return ClaimedIdentity(host, device, module, model)


def _model(query: str) -> str:
    """The model id in the query of a username, empty if it has none, or one that is too long."""
    fields = query.removeprefix("?").split("&")
    models = [unquote(f.removeprefix(_MODEL)) for f in fields if f.startswith(_MODEL)]
    return models[0] if models and len(models[0]) <= MAX_MODEL_CHARACTERS else ""
