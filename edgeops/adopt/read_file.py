"""Reads files that describe existing devices and deployments; the format is known by the content.

Formats: deployment manifests and their templates, twins and identities, automatic and layered
deployments, and the exported state of a hub.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from edgeops.adopt.configuration import is_configuration, read_configuration
from edgeops.adopt.found import FoundFleet
from edgeops.adopt.json_text import BadJson, JsonText, read_json
from edgeops.adopt.manifest import modules_content, read_manifest
from edgeops.adopt.merge import merged
from edgeops.adopt.placeholders import ALL, SURE, Rules, Variables
from edgeops.adopt.reading import Path, Reading
from edgeops.adopt.state_export import is_state, read_state
from edgeops.adopt.twins import is_twin, read_twin
from edgeops.fleet.model import Problem
from edgeops.fleet.secrets import names_a_secret
from edgeops.jsonvalue import JsonObject
from edgeops.limits import is_id

_NOTHING: frozenset[str] = frozenset()
_TEMPLATE = re.compile(r'"\$schema-template"|\$\{MODULES\.|"createOptions"\s*:\s*\{')
_ENDINGS = re.compile(
    r"\.(?:json|jsonc|template|debug|(?:windows-)?(?:amd64|arm32v7|arm64v8|arm32v6))\Z",
    re.IGNORECASE,
)
_NOT_A_DEVICE = re.compile(r"deployment|manifest|template|config|layer", re.IGNORECASE)
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_]\w*)\s*=[ \t]*(.*?)\s*\Z")
_HINT = (
    "give a deployment manifest, a template of one, what `az iot hub state export` writes, or what "
    "`az iot` prints of twins, identities and edge deployments"
)


@dataclass(frozen=True, slots=True)
class ImportFile:
    """One file to read: its name for messages, and what is in it.

    `device` names the device of a manifest, which does not say it. `values` are those of its
    placeholders, such as the `.env` file beside it has.
    """

    name: str
    data: bytes
    device: str | None = None
    values: Mapping[str, str] = field(default_factory=dict)


def read_files(files: Iterable[ImportFile]) -> FoundFleet:
    """All that the files say; what one says of a device is put together with what others say.

    A file that cannot be read is a problem, and so is a device that two files describe differently.
    """
    variables = Variables()
    readings: list[Reading] = []
    problems: list[Problem] = []
    for file in files:
        try:
            source = read_json(file.name, file.data)
        except BadJson as error:
            problems.append(error.problem)
            continue
        readings.append(_read(source, file, variables))
    devices, clashes = merged(device for reading in readings for device in reading.devices)
    layers = tuple(layer for reading in readings for layer in reading.layers)
    return FoundFleet(
        devices=devices,
        layers=layers,
        placeholders=variables.found(),
        notes=tuple(sorted(note for reading in readings for note in reading.notes)),
        problems=tuple(
            sorted([*problems, *clashes, *(p for reading in readings for p in reading.problems)])
        ),
    )


def device_name(file: str) -> str | None:
    """The device that a manifest's file name means.

    None for a name that is rather one of a deployment, such as `deployment.prod.template.json`.
    """
    name = _stem(file)
    return name if is_id(name) and not _NOT_A_DEVICE.search(name) else None


def dotenv_values(text: str) -> dict[str, str]:
    """The values in a `.env` file: `NAME=value` lines, without quotes and comments."""
    values = {}
    for line in text.removeprefix("\ufeff").splitlines():
        found = None if line.lstrip().startswith("#") else _ASSIGNMENT.match(line)
        if found:
            value = found[2]
            quoted = len(value) > 1 and value[0] == value[-1] and value[0] in "\"'"
            values[found[1]] = value[1:-1] if quoted else re.sub(r"(?:\A|\s+)#.*", "", value)
    return values


def _stem(file: str) -> str:
    """The name of a file without folders and without what tools add, as in `x.template.json`."""
    name = PurePath(file.replace("\\", "/")).name
    while found := _ENDINGS.search(name):
        name = name[: found.start()]
    return name


def _read(source: JsonText, file: ImportFile, variables: Variables) -> Reading:
    value = source.value
    entries = value if isinstance(value, list) else [value]
    spellings = ALL if modules_content(value) else _NOTHING
    if any(map(is_configuration, entries)):
        spellings = SURE
    given = {k: None if names_a_secret(k) else v for k, v in file.values.items()}
    template = bool(source.unquoted or _TEMPLATE.search(source.text))
    rules = Rules(given, spellings, template)
    device = file.device or device_name(file.name)
    reading = Reading(source, variables, rules, device, _stem(file.name))
    if isinstance(value, list):
        for index, entry in enumerate(value):
            _read_entry(reading, entry, (str(index),))
        if not value:
            reading.note((), "is an empty list")
    elif is_state(value):
        read_state(reading, value)
    elif modules_content(value) and not is_configuration(value):
        read_manifest(reading, value)
    else:
        _read_entry(reading, value, ())
    return reading


_READERS: tuple[tuple[Callable[[Any], bool], Callable[[Reading, JsonObject, Path], None]], ...] = (
    (is_configuration, read_configuration),
    (is_twin, read_twin),
)


def _read_entry(reading: Reading, value: Any, path: Path) -> None:
    for recognises, read in _READERS:
        if recognises(value):
            read(reading, value, path)
            return
    reading.problem(path, "is not a description of a device or deployment that is known", _HINT)
