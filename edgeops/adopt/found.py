"""What was found in files that describe existing devices and deployments.

Every text in tags, desired properties and modules is written as a manifest of edgeops would write
it: `${name}` is a variable, `$${` a literal `${`. `createOptions` are objects.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edgeops.fleet.model import Place, Problem
from edgeops.jsonvalue import JsonObject


@dataclass(frozen=True, slots=True, order=True)
class Use:
    """A place where a placeholder stands: the place, and the pointer of the text in the file."""

    place: Place
    pointer: str


@dataclass(frozen=True, slots=True)
class Placeholder:
    """A variable that was a placeholder: its name, its spelling in the file, where it stands.

    `value` is what the caller gave for it; None if nobody did, or if its name says that it is a
    `secret`. One that is not `quoted` stands for a whole JSON value, so `value` is JSON.
    """

    name: str
    original: str
    value: str | None = None
    secret: bool = False
    quoted: bool = True
    uses: tuple[Use, ...] = ()


@dataclass(frozen=True, slots=True, order=True)
class Note:
    """Something that was read, but that the reader of the result should know."""

    place: Place
    pointer: str
    text: str


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """One device as the sources describe it; None or empty is what no source says.

    `modules` maps the modules, `$edgeAgent` and `$edgeHub` among them, to the desired properties of
    their twins. `authentication` is `sas`, `selfSigned`, `x509CA`, or another word of the service;
    `parents` are the ids of the devices above it.
    """

    id: str | None
    place: Place
    edge: bool | None = None
    tags: JsonObject | None = None
    desired: JsonObject | None = None
    modules: Mapping[str, JsonObject] = field(default_factory=dict)
    module_tags: Mapping[str, JsonObject] = field(default_factory=dict)
    authentication: str | None = None
    thumbprints: tuple[str, ...] = ()
    status: str | None = None
    parents: tuple[str, ...] = ()
    automatic: tuple[str, ...] = ()


class LayerKind(StrEnum):
    """What a configuration of the hub writes."""

    AUTOMATIC = "automatic deployment"
    LAYERED = "layered deployment"
    DEVICES = "automatic device configuration"


@dataclass(frozen=True, slots=True)
class FoundLayer:
    """One automatic or layered deployment, or a device configuration, and whom it targets.

    `content` maps modules to desired properties, as objects: `properties.desired.modules.camera` is
    `{"modules": {"camera": ...}}`. `whole` names the modules whose desired properties it replaces
    as a whole. `desired` are those of the devices themselves, of a device configuration.
    """

    id: str | None
    place: Place
    kind: LayerKind
    target_condition: str = ""
    priority: int = 0
    content: Mapping[str, JsonObject] = field(default_factory=dict)
    whole: frozenset[str] = frozenset()
    desired: JsonObject = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FoundFleet:
    """All that a set of files says. `problems` are what could not be read; the rest was."""

    devices: tuple[FoundDevice, ...] = ()
    layers: tuple[FoundLayer, ...] = ()
    placeholders: Mapping[str, Placeholder] = field(default_factory=dict)
    notes: tuple[Note, ...] = ()
    problems: tuple[Problem, ...] = ()
