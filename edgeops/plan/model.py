"""The values of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edgeops.jsonvalue import JsonObject


class Action(StrEnum):
    """What one change does, in the order a device gets them."""

    CREATE_DEVICE = "create-device"
    PATCH_DEVICE = "patch-device"
    DEPLOY = "deploy"  # applyConfigurationContent: $edgeAgent and $edgeHub
    CREATE_MODULE = "create-module"
    PATCH_MODULE = "patch-module"
    DELETE_MODULE = "delete-module"
    STAMP_DEVICE = "stamp-device"  # gives up what the changes before it removed
    DELETE_DEVICE = "delete-device"


class Reason(StrEnum):
    """Why a change is needed."""

    NEW = "new"  # the device or module is not on the hub
    ADOPTED = "adopted"  # it is there, edgeops has not managed it so far
    CHANGED = "changed in git"
    DRIFT = "drift"  # git is as it was last applied, the hub is not
    REMOVED = "removed from git"


@dataclass(frozen=True, slots=True)
class Change:
    """One write: a merge patch by section, made on a twin that was at `etag`.

    `patch` maps `tags`, `desired` (twins) or `$edgeAgent`, `$edgeHub` (deploy)
    to the merge patch of that section, without the stamp, of which only a
    changed `protect` is told; `stamp` is the merge patch of `tags.edgeops`.
    That of a new device is its `identity`: authentication, and whether it is an
    edge device. `before` has the live values of the patched paths (a path that
    is absent on the hub is absent there).
    """

    device: str
    action: Action
    reason: Reason
    module: str | None = None
    patch: Mapping[str, JsonObject] = field(default_factory=dict)
    before: Mapping[str, JsonObject] = field(default_factory=dict)
    stamp: JsonObject = field(default_factory=dict)
    etag: str = ""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A device that the plan leaves alone, and why (another fleet's, protected, ...)."""

    device: str
    reason: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan covers.

    `targets` are device names or `label=value`; empty means every device.
    `prune` deletes what this fleet manages and git no longer has, `create`
    makes missing identities, `only` limits the plan to these device names,
    `drift_only` to devices on which nothing waits but what others changed on the hub.
    """

    targets: tuple[str, ...] = ()
    prune: bool = False
    create: bool = False
    only: frozenset[str] | None = None
    drift_only: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What `sync` would write, and nothing else.

    `devices` is how many devices it covers and leaves on the hub. `access` are
    the private artifact stores to which those may get read access for a while,
    when they have yet to download. `digest` is of what the changes write (not
    of etags, reasons and stamps) and of `access`: two plans with one digest do
    the same. `seconds` is the expected duration from the hub's rates, None
    where no rate applies.
    """

    fleet: str
    hub: str
    commit: str | None
    created_at: str
    devices: int
    changes: tuple[Change, ...]
    refusals: tuple[Refusal, ...]
    digest: str
    seconds: float | None = None
    options: PlanOptions = field(default_factory=PlanOptions)
    access: tuple[str, ...] = ()
