"""The values of a fleet: what was read, its problems, and the desired state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Generic, TypeVar

from edgeops.configuration import Paths
from edgeops.jsonvalue import JsonObject
from edgeops.release import ModelRelease

T = TypeVar("T")

LOCAL = "local"  # the name of the local hub

MODEL_LOADER = "model_loader"  # the module that downloads the models of a device

# Its desired property for temporary read access to private stores, written by sync only.
ACCESS = "access"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The place of a value: a path relative to the repository, line and column from 1."""

    file: str
    line: int = 1
    column: int = 1

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """A problem of the input: its place, a message, and what to do.

    A `warning` is about what is legal, but surely not meant. `spoils` names the manifests that
    cannot be read because of the problem, as `outline` does. `error` is set if edgeops itself
    failed.
    """

    place: Place
    pointer: str
    message: str
    hint: str = ""
    warning: bool = False
    spoils: tuple[str, ...] = field(default=(), compare=False)
    error: Exception | None = field(default=None, compare=False, repr=False)


def split(found: Iterable[Problem]) -> tuple[tuple[Problem, ...], tuple[Problem, ...]]:
    """The problems and the warnings, sorted and unique."""
    ordered = sorted(set(found))
    problems = tuple(problem for problem in ordered if not problem.warning)
    return problems, tuple(problem for problem in ordered if problem.warning)


@dataclass(frozen=True, slots=True)
class Document:
    """One YAML document: its JSON value and the place of every value.

    `marks` maps the JSON pointer of each value (and of the root, `""`) to (line, column), both from
    1. For a member of an object it is the place of the key, where an editor should jump to.
    `written` maps those of numbers and booleans to their text in the file.
    """

    file: str
    value: Any
    marks: Mapping[str, tuple[int, int]]
    written: Mapping[str, str] = field(default_factory=dict, compare=False, repr=False)

    def place(self, path: str) -> Place:
        """The place of the value at a pointer, or of the nearest parent that has one."""
        while path and path not in self.marks:
            path = path.rpartition("/")[0]
        line, column = self.marks.get(path, (1, 1))
        return Place(self.file, line, column)

    def problem(self, path: str, message: str, hint: str = "") -> Problem:
        """A problem of the value at a pointer."""
        return Problem(self.place(path), path, message, hint)

    def warning(self, path: str, message: str, hint: str = "") -> Problem:
        """A warning about the value at a pointer."""
        return Problem(self.place(path), path, message, hint, warning=True)


@dataclass(frozen=True, slots=True)
class Named(Generic[T]):
    """A manifest, or a member of one: its name, the pointer of the name, and its spec."""

    name: str
    document: Document
    pointer: str
    spec: T

    @property
    def place(self) -> Place:
        """The place of the name."""
        return self.document.place(self.pointer)


@dataclass(frozen=True, slots=True)
class KeyFile:
    """The content of a key file that the Fleet names, or why it cannot be read."""

    data: bytes = b""
    fault: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The manifests and user schemas of one commit, or of the working tree (`commit` is None).

    `documents` are those that are valid against the schema of their kind, in file order; `problems`
    and `warnings` are those of all files; `schemas` maps the path of each user schema under
    `schemas/` (as a `Module` names it) to its JSON value. `model_problems` are those of
    model files, which are not part of the desired state. `keys` are the key files that the Fleet
    names, by path.
    """

    commit: str | None
    documents: tuple[Document, ...]
    problems: tuple[Problem, ...]
    schemas: Mapping[str, Any] = field(default_factory=dict)
    warnings: tuple[Problem, ...] = ()
    model_problems: tuple[Problem, ...] = ()
    keys: Mapping[str, KeyFile] = field(default_factory=dict)

    @property
    def spoiled(self) -> frozenset[str]:
        """The manifests that cannot be read because of problems, as `outline` names them."""
        return frozenset(name for problem in self.problems for name in problem.spoils)


class StoreKind(StrEnum):
    """The kind of a store of model files; `LOCAL` is the folder that the local hub serves."""

    LOCAL = "local"
    AZURE_BLOB = "azure-blob"
    GITHUB_RELEASE = "github-release"


@dataclass(frozen=True, slots=True)
class ArtifactTarget:
    """Where the devices of a hub download model files, and how edgeops accesses it.

    Release paths are appended to `url`. A `store` of None is any web server that serves files
    without credentials.
    """

    url: str
    store: StoreKind | None = None
    connection_string_env: str | None = None

    @property
    def private(self) -> bool:
        """Whether devices need temporary read access from sync."""
        return self.store is StoreKind.AZURE_BLOB

    def holds(self, release: ModelRelease) -> bool:
        """Whether devices download a release from here: not if all of it has URLs elsewhere."""
        here = self.url.rstrip("/") + "/"
        return any(file.location(self.url).startswith(here) for file in release.files)


@dataclass(frozen=True, slots=True)
class HubTarget:
    """One entry of `Fleet.spec.hubs`: how to reach a hub, its size and its artifact store."""

    name: str
    hostname: str | None = None
    sku: str = "S1"
    units: int = 1
    connection_string_env: str | None = None
    entra: bool = False
    artifacts: ArtifactTarget | None = None
    create_devices: bool = False

    @property
    def local(self) -> bool:
        """Whether this is the local hub."""
        return self.hostname is None


class EdgeKind(StrEnum):
    """Whether a device runs IoT Edge, and who writes its deployment.

    EXTERNAL is an IoT Edge device whose deployment something else writes.
    """

    NONE = "none"
    MANAGED = "managed"
    EXTERNAL = "external"


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """What a module reports about itself, and which values are good.

    `path` is that of a reported property of the module. `digests` are paths where it reports the
    sha256 of the model that it speaks of, of which the first that is reported counts. It speaks of
    the model in `slot`, or in any slot if that is None.
    """

    path: tuple[str, ...]
    good: tuple[Any, ...]
    digests: tuple[tuple[str, ...], ...] = ()
    slot: str | None = None


@dataclass(frozen=True, slots=True)
class DesiredModule:
    """A module as one device should have it; `spec` is the resolved spec without `desired`.

    `health` is what it reports about itself, None if that does not count.
    `ignored` are the paths below its desired properties that are left to others.
    """

    name: str
    spec: JsonObject
    desired: JsonObject
    health: HealthCheck | None = None
    ignored: Paths = frozenset()


@dataclass(frozen=True, slots=True)
class DesiredDevice:
    """The desired state of one device, overlays merged.

    `edge`: it is an IoT Edge device; `external`: something else writes its deployment. `runtime`
    are the settings of its IoT Edge runtime. `edge_content` maps `$edgeAgent` and `$edgeHub` to
    those of their desired properties that git names, `edge_defaults` to what a new device or module
    gets besides; both are empty unless edgeops writes the deployment. `models` are slots with their
    releases; they are already part of `modules["model_loader"].desired`. `authentication`,
    `thumbprints` (`primary`, `secondary`, in upper case), `status` and `parent` (an edge device; ""
    for none) are None or empty where git says nothing.

    A `paused` device is compared, but not written. `ignore` are the pointers into its document that
    are left to others, `ignored` the paths that they stand for, by section of a stamp; nothing else
    here has values of them.

    `foreign` are the paths that `configurations` of the hub write, by module (the device itself is
    `""`), below its desired properties; edgeops leaves them alone.
    """

    name: str
    labels: Mapping[str, str]
    groups: tuple[str, ...]
    edge: bool
    authentication: str | None
    protect: bool
    tags: JsonObject
    desired: JsonObject
    modules: Mapping[str, DesiredModule]
    models: Mapping[str, ModelRelease]
    edge_content: Mapping[str, JsonObject]
    edge_defaults: Mapping[str, JsonObject] = field(default_factory=dict)
    runtime: JsonObject = field(default_factory=dict)
    external: bool = False
    thumbprints: Mapping[str, str] = field(default_factory=dict)
    status: str | None = None
    parent: str | None = None
    foreign: Mapping[str, Paths] = field(default_factory=dict)
    configurations: frozenset[str] = frozenset()
    paused: bool = False
    ignore: tuple[str, ...] = ()
    ignored: Mapping[str, Paths] = field(default_factory=dict)

    @property
    def identity(self) -> JsonObject:
        """What git says of `authentication`, `thumbprints`, `status` and `parent`."""
        said: JsonObject = {"authentication": self.authentication}
        if self.thumbprints:
            said["thumbprints"] = dict(self.thumbprints)
        said |= {"status": self.status, "parent": self.parent}
        return {key: value for key, value in said.items() if value is not None}


@dataclass(frozen=True, slots=True)
class DesiredFleet:
    """The desired state of every device at one commit, for one hub.

    `uid` tells the fleet from others of its name. `elsewhere` has the devices that git binds to
    other hubs, and these; `paused_elsewhere` are those of them that it pauses.
    """

    name: str
    commit: str | None
    hubs: Mapping[str, HubTarget]
    devices: Mapping[str, DesiredDevice]
    max_deletes: str | int = "10%"
    uid: str | None = None
    elsewhere: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    paused_elsewhere: frozenset[str] = frozenset()
