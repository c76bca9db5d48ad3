"""Small files, as people have them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from edgeops.adopt.found import FoundFleet
from edgeops.adopt.live import found_of
from edgeops.adopt.read_file import ImportFile, read_files
from edgeops.adopt.secret_names import SecretNames
from edgeops.adopt.spec import Describer
from edgeops.adopt.write import WantedFleet, write
from edgeops.fleet.model import Snapshot, split
from edgeops.fleet.resolve import resolve
from edgeops.fleet.yaml import load
from edgeops.plan.device import plan_device
from edgeops.plan.model import Refusal
from edgeops.plan.ownership import Owner
from edgeops.twin import LiveDevice, Twin

Read = Callable[..., FoundFleet]


@pytest.fixture
def read() -> Read:
    """Reads one file: its value, or its text."""

    def _read(value: Any, name: str = "gateway.json", **options: Any) -> FoundFleet:
        text = value if isinstance(value, str) else json.dumps(value)
        return read_files([ImportFile(name, text.encode(), **options)])

    return _read


def agent(**modules: Any) -> dict[str, Any]:
    """`$edgeAgent`'s desired properties with these modules."""
    return {
        "schemaVersion": "1.1",
        "runtime": {"type": "docker", "settings": {}},
        "systemModules": {
            "edgeAgent": {"type": "docker", "settings": {"image": "agent:1.5"}},
            "edgeHub": {"type": "docker", "settings": {"image": "hub:1.5", "createOptions": "{}"}},
        },
        "modules": modules,
    }


# --- imported fleets ------------------------------------------------------------------


def edge_device(name: str, twins: Any = None, tags: Any = None, **modules: Any) -> LiveDevice:
    """An IoT Edge device with these modules in its deployment, and desired properties of some."""
    sections = {"$edgeAgent": agent(**modules), "$edgeHub": {"schemaVersion": "1.1", "routes": {}}}
    twins = {**{module: {} for module in modules}, **(twins or {}), **sections}
    return LiveDevice(
        Twin(name, tags=tags or {}, edge=True),
        {module: Twin(name, module, desired=desired) for module, desired in twins.items()},
    )


def plain_device(name: str, tags: Any = None, desired: Any = None, **identity: Any) -> LiveDevice:
    """A device without IoT Edge."""
    return LiveDevice(Twin(name, tags=tags or {}, desired=desired or {}, **identity), {})


def container(image: str, options: Any = None, **env: Any) -> dict[str, Any]:
    """A module as `$edgeAgent` has it."""
    return {
        "type": "docker",
        "status": "running",
        "restartPolicy": "always",
        "settings": {"image": image, "createOptions": json.dumps(options or {})},
        "env": {key: {"value": value} for key, value in env.items()},
    }


@dataclass(frozen=True)
class Written:
    """The files of an imported fleet, what they say, and what a sync would change."""

    files: dict[str, str]
    secrets: dict[str, tuple[str, ...]]
    notes: list[str]
    changes: list[str]

    @property
    def text(self) -> str:
        return "".join(self.files.values())

    def document(self, path: str) -> Any:
        return yaml.safe_load(self.files[path])


def imported(*devices: LiveDevice, group_by: str = "", **wanted: Any) -> Written:
    """The fleet that an import of live devices writes."""
    secrets = SecretNames({})
    describer = Describer(secrets, exist=True)
    described = [describer.describe(found_of(d, "the hub"), d.twin.device) for d in devices]
    path = tuple(group_by.split(".")) if group_by else ()
    files = write(described, WantedFleet("sites", hubs={"local": {}}, group_by=path, **wanted))
    notes = [note.text for note in describer.notes]
    return Written(files, secrets.found, notes, list(_changes(files, devices)))


def _changes(files: dict[str, str], devices: Sequence[LiveDevice]) -> Iterator[str]:
    loaded = [load(path, text.encode()) for path, text in files.items()]
    documents = tuple(document for found, _ in loaded for document in found)
    problems, warnings = split([problem for _, found in loaded for problem in found])
    resolved = resolve(Snapshot(None, documents, problems, {}, warnings))
    if resolved.fleet is None:
        yield from (f"{p.place}: {p.message}" for p in resolved.problems)
        return
    for live in devices:
        wanted = resolved.fleet.devices[live.twin.device]
        planned = plan_device(wanted, live, Owner("sites", commit=None), create=False)
        if isinstance(planned, Refusal):
            yield f"{live.twin.device} {planned.reason}"
            continue
        for change in planned:
            if change.patch:
                yield f"{live.twin.device}/{change.module}: {change.patch}"
