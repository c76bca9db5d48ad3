"""The create options of a container: Docker's options, with the storage of a module.

Source: the chunks are those of `DockerConfig` in IoT Edge; Docker Engine API, ContainerCreate.
"""

from __future__ import annotations

import json
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.limits import TEXT_BYTES


def create_options(spec: JsonObject) -> JsonObject | str | None:
    """The options of a module spec, its storage as `HostConfig.Binds`; None if git names none.

    Options that git has as a text stay as they are.
    """
    written = spec.get("createOptions", {})
    if "createOptions" not in spec and not spec.get("storage"):
        return None
    if isinstance(written, str):
        return written
    options = dict(written)
    mounts = [f"{mount['source']}:{mount['target']}" for mount in spec.get("storage", ())]
    own = binds(spec)
    if mounts and own is not None:
        options["HostConfig"] = {**(options.get("HostConfig") or {}), "Binds": [*own, *mounts]}
    return options


def binds(spec: JsonObject) -> list[str] | None:
    """The mounts that are in `createOptions`; None if they are not a list of strings."""
    options = spec.get("createOptions", {})
    host = (options.get("HostConfig") or {}) if isinstance(options, dict) else {}
    named = (host.get("Binds") or []) if isinstance(host, dict) else None
    valid = isinstance(named, list) and all(isinstance(bind, str) for bind in named)
    return named if valid else None


def chunks(options: JsonObject | str) -> JsonObject:
    """`createOptions`, `createOptions01`, ...: a text in a twin has at most 4 KB."""
    text = options if isinstance(options, str) else compact(options)
    step = TEXT_BYTES if text.isascii() else TEXT_BYTES // 4  # at most four bytes a character
    parts = [text[at : at + step] for at in range(0, len(text), step)] or [""]
    return {
        f"createOptions{index:02}" if index else "createOptions": part
        for index, part in enumerate(parts)
    }


def compact(value: Any) -> str:
    """JSON text in ASCII, where characters are bytes; equal values have equal texts."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
