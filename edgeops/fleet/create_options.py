"""The create options of a container: Docker's options, with the storage of a module.

Source: the chunks are those of `DockerConfig` in IoT Edge; Docker Engine API, ContainerCreate.
"""

from __future__ import annotations

import json
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.limits import TEXT_BYTES


def create_options(spec: JsonObject) -> JsonObject | None:
    """The options of a module spec, its storage as `HostConfig.Binds`; None if git names none."""
    if "createOptions" not in spec and not spec.get("storage"):
        return None
    options = dict(spec.get("createOptions", {}))
    mounts = [f"{mount['source']}:{mount['target']}" for mount in spec.get("storage", ())]
    own = binds(spec)
    if mounts and own is not None:
        options["HostConfig"] = {**(options.get("HostConfig") or {}), "Binds": [*own, *mounts]}
    return options


def binds(spec: JsonObject) -> list[str] | None:
    """The mounts that are in `createOptions`; None if they are not a list of strings."""
    host = spec.get("createOptions", {}).get("HostConfig") or {}
    named = (host.get("Binds") or []) if isinstance(host, dict) else None
    valid = isinstance(named, list) and all(isinstance(bind, str) for bind in named)
    return named if valid else None


def chunks(options: JsonObject) -> JsonObject:
    """`createOptions`, `createOptions01`, ...: a text in a twin has at most 4 KB."""
    text = compact(options)
    parts = [text[at : at + TEXT_BYTES] for at in range(0, len(text), TEXT_BYTES)]
    return {
        f"createOptions{index:02}" if index else "createOptions": part
        for index, part in enumerate(parts)
    }


def compact(value: Any) -> str:
    """JSON text in ASCII, where characters are bytes; equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
