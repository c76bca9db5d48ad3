"""The text of manifests, as a person would have written them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Any

from edgeops.adopt.names import Names
from edgeops.fleet.yaml_dump import dump_block, dump_flow
from edgeops.jsonvalue import JsonObject

API_VERSION = "edgeops/v1"

_FIRST = ("image", "version", "env", "createOptions", "desired")


@dataclass(slots=True)
class Documents:
    """The documents of each file below `fleet/`; each file has one kind of manifests.

    `schemas` are the kinds with a schema beside the fleet, `taken` the paths of files that exist.
    """

    schemas: Collection[str] = ()
    taken: Collection[str] = ()
    _files: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    _heads: dict[str, str] = field(default_factory=dict)

    def add(
        self, file: str, kind: str, metadata: JsonObject, spec: JsonObject, more: str = ""
    ) -> None:
        """A document at the end of a file; `more` is the rest of its spec as text."""
        text = dump_block({"apiVersion": API_VERSION, "kind": kind})
        text += f"metadata: {dump_flow(metadata)}\n"
        text += f"spec:\n{_indented(dump_block(spec))}" if spec else "" if more else "spec: {}\n"
        self._files[file].append(text + more)
        if kind in self.schemas:
            up = "../" * (file.count("/") + 1)
            modeline = f"# yaml-language-server: $schema={up}schemas/{kind.lower()}.schema.json\n"
            self._heads[file] = modeline + self._heads.get(file, "").removeprefix(modeline)

    def say(self, file: str, comment: str) -> None:
        """A comment at the top of a file."""
        self._heads[file] = f"{self._heads.get(file, '')}# {comment}\n"

    def texts(self) -> dict[str, str]:
        """The text of each file by its path, under a name that no other file has."""
        names = Names(path.removesuffix(".yaml") for path in self.taken)
        texts = {}
        for file, documents in sorted(self._files.items()):
            folder, _, name = f"fleet/{file}".removesuffix(".yaml").rpartition("/")
            path = names.below(folder, name)
            texts[f"{path}.yaml"] = self._heads.get(file, "") + "---\n".join(documents)
        return texts


def members(entries: Collection[JsonObject]) -> str:
    """The devices of a DeviceSet, one a line."""
    return "  devices:\n" + "".join(f"    - {dump_flow(entry)}\n" for entry in entries)


def ordered(spec: JsonObject) -> JsonObject:
    """Settings of a container with the main ones first."""
    first = {key: spec[key] for key in _FIRST if key in spec}
    return {**first, **{key: value for key, value in spec.items() if key not in first}}


def overlay(settings: Mapping[str, Any], instances: Mapping[str, JsonObject]) -> JsonObject:
    """Settings as an overlay has them: the modules that a device has, among their settings.

    `instances` has what to say of modules that are instances of a Module of another name.
    """
    spec = {key: settings[key] for key in ("tags", "desired", "edge") if settings.get(key)}
    if "edge" in spec:
        spec["edge"] = edge_ordered(spec["edge"])
    modules: JsonObject = {}
    for name, present in settings.get("present", {}).items():
        modules[name] = None if present is None else dict(instances.get(name, {}))
    for name, patch in settings.get("modules", {}).items():
        modules[name] = {**(modules.get(name) or {}), **patch}
    if modules:
        spec["modules"] = {
            name: ordered(patch) if patch else patch for name, patch in sorted(modules.items())
        }
    return spec


def edge_ordered(edge: JsonObject) -> JsonObject:
    """Settings of the runtime, those of its containers with the main ones first."""
    return {
        key: ordered(value) if key in ("agent", "hub") and isinstance(value, dict) else value
        for key, value in edge.items()
    }


def some(**values: Any) -> JsonObject:
    """An object of the values that are not empty."""
    return {key: value for key, value in values.items() if value}


def _indented(text: str) -> str:
    return "".join(f"  {line}" if line.strip() else line for line in text.splitlines(True))
