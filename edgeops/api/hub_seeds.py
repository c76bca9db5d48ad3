"""Fills the local hub from a file: devices, modules, tags and desired properties."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from edgeops.api.session import local_hub
from edgeops.api.workspace import InvalidFleet, Workspace
from edgeops.errors import UsageError

if TYPE_CHECKING:
    from edgeops.fleet.model import Document, Problem
    from edgeops.jsonvalue import JsonObject

# Not in `schemas/`, all of which `edgeops init` copies to a fleet.
_SCHEMA = Path(__file__).parents[1] / "localhub/seed.schema.json"
_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Seeded:
    """How many devices and modules a seed has created, changed, and found as they shall be."""

    created: int
    changed: int
    unchanged: int


def seed(workspace: Workspace, file: Path) -> Seeded:
    """Create what a YAML or JSON file names on the local hub, or change it to that; all or nothing.

    Twins that are as the file says are not written. Raises `InvalidFleet` with the places of all
    problems, and `EdgeOpsError` if the file cannot be read.
    """
    from edgeops.localhub.client import client

    document = read_seed(file)
    with local_hub(workspace):
        send = client(workspace.hub_dir, "registryReadWrite", seconds=_SECONDS)
        result = send("POST", "/seed", document.value)
    if result["errors"]:
        raise _invalid(file, [_refused(document, error) for error in result["errors"]])
    return Seeded(result["created"], result["changed"], result["unchanged"])


def read_seed(file: Path) -> Document:
    """A valid seed file. Raises as `seed` does."""
    from edgeops.fleet import yaml
    from edgeops.fleet.model import split
    from edgeops.user_files import read_bytes

    if file.is_dir():
        raise UsageError(
            f"{file} is a folder, not a seed file",
            "the devices of a fleet are put on the local hub by `edgeops sync`",
        )
    hint = "give a YAML or JSON file with `devices`"
    documents, found = yaml.load(str(file), read_bytes(file, "the seed file", hint))
    problems = list(split(found)[0])
    if len(documents) == 1:
        problems += _problems(documents[0])
    elif not problems:
        raise UsageError(f"{file} has {len(documents)} YAML documents; a seed file has one", hint)
    if problems:
        raise _invalid(file, problems)
    return documents[0]


def _problems(document: Document) -> Iterator[Problem]:
    from edgeops.fleet.schema import compile_schema

    schema = compile_schema(json.loads(_SCHEMA.read_bytes()))
    mismatches = schema.mismatches(document.value)
    for mismatch in mismatches:
        yield document.problem(mismatch.pointer, mismatch.message, mismatch.hint)
    if not mismatches:
        for device, value in document.value["devices"].items():
            yield from _beyond_limits(document, ("devices", device), value)
            for module, of_module in value.get("modules", {}).items():
                at = ("devices", device, "modules", module)
                yield from _beyond_limits(document, at, of_module)


def _beyond_limits(
    document: Document, path: tuple[str, ...], value: JsonObject
) -> Iterator[Problem]:
    """The values of a twin that IoT Hub does not take."""
    from edgeops.jsonvalue import pointer
    from edgeops.limits import DESIRED_BYTES, TAGS_BYTES, check_section

    for section, most in (("tags", TAGS_BYTES), ("desired", DESIRED_BYTES)):
        for violation in check_section(value.get(section, {}), most):
            at = pointer(*path, section) + violation.pointer
            yield document.problem(at, violation.message, violation.hint)


def _refused(document: Document, error: JsonObject) -> Problem:
    from edgeops.jsonvalue import pointer

    module = error["moduleId"]
    at = pointer("devices", error["deviceId"], *(("modules", module) if module else ()))
    return document.problem(at, f"is refused by the hub: {error['message']}")


def _invalid(file: Path, problems: list[Problem]) -> InvalidFleet:
    from edgeops.fleet.model import split

    message = f"nothing was seeded: {file} is not valid"
    return InvalidFleet(message, "fix the problems listed above", split(problems)[0])
