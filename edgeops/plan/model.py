"""The values of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from edgeops.jsonvalue import JsonObject
from edgeops.release import ModelRelease
from edgeops.secret_reference import Secret


class Action(StrEnum):
    """What a change does; the order is that in which the changes of a device are written."""

    CREATE_DEVICE = "create-device"
    UPDATE_IDENTITY = "update-identity"  # authentication, thumbprints, status and parent
    PATCH_DEVICE = "patch-device"
    DEPLOY = "deploy"  # applyConfigurationContent: $edgeAgent and $edgeHub
    CREATE_MODULE = "create-module"
    PATCH_MODULE = "patch-module"
    DELETE_MODULE = "delete-module"
    STAMP_DEVICE = "stamp-device"  # disowns what the changes before it removed
    DELETE_DEVICE = "delete-device"


class Reason(StrEnum):
    """Why a change is needed."""

    NEW = "new"  # not on the hub yet
    ADOPTED = "adopted"  # on the hub, but not managed by edgeops until now
    CHANGED = "changed in git"
    DRIFT = "drift"  # git is unchanged since the last sync, the hub is not
    REMOVED = "removed from git"
    MOVED = "bound to another hub"


@dataclass(frozen=True, slots=True)
class Change:
    """One write: a merge patch by section, for a twin that was read with `etag`.

    `patch` maps `tags`, `desired` (twins) or `$edgeAgent`, `$edgeHub` (deploy) to the merge patch
    of that section, and `identity` to that of a new device, or to what changes in it. `before` has
    the live values of the patched paths, without those that are absent on the hub. `stamp` is the
    merge patch of `tags.edgeops`, of which `patch` only shows `protect`.
    `moved_to` are the hubs that git binds a device to that this deletes.
    """

    device: str
    action: Action
    reason: Reason
    module: str | None = None
    patch: Mapping[str, JsonObject] = field(default_factory=dict)
    before: Mapping[str, JsonObject] = field(default_factory=dict)
    stamp: JsonObject = field(default_factory=dict)
    etag: str = ""
    moved_to: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Overlap:
    """A path that git names and a configuration of the hub writes, such as `desired/chiller`."""

    path: str
    configuration: str
    priority: int


@dataclass(frozen=True, slots=True)
class Refusal:
    """A device that the plan does not change, and why (another fleet manages it, ...).

    It is left alone as a whole, unless it is refused `partly`. With an `overlap`, only that path is
    not changed.
    """

    device: str
    reason: str
    hint: str = ""
    overlap: Overlap | None = None
    partly: bool = False


@dataclass(frozen=True, slots=True)
class Paused:
    """A device that git pauses, and the changes that are not written because of that.

    `refused` says why it would be refused if it were not paused; "" if it would not.
    """

    device: str
    changes: tuple[Change, ...] = ()
    refused: str = ""
    on_hub: bool = True


@dataclass(frozen=True, slots=True)
class Blocked:
    """Why a plan as a whole must not be written; it still shows what it would do."""

    reason: str
    hint: str


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a plan covers.

    `targets` are device names or `label=value`; empty means every device. `prune` deletes what this
    fleet manages and git no longer has, `create` creates missing identities, `only` limits the plan
    to these device names, `drift_only` to devices that need no change except to correct drift.
    """

    targets: tuple[str, ...] = ()
    prune: bool = False
    create: bool = False
    only: frozenset[str] | None = None
    drift_only: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """What `sync` would write, and nothing else.

    `devices` is the number of devices that it covers and does not delete, without those `paused`
    and those `waiting`: these are not on the hub yet, and creating them is left to others; so are
    modules, as `device/module`. `access` lists the private artifact stores that devices may get
    temporary read access to while they have downloads to do. `uploads` are the Contexts that the
    changes put into slots, whose files the store must have before, whether or not it has them
    already; git and the changes determine them. `digest` covers what the changes write
    (not etags, reasons and stamps) and `access`: two plans with the same digest do the same.
    `seconds` is the expected duration from the hub's rates, None for a hub without rates.
    `not_compared` has the secrets whose values on the hub are taken for those that git names, with
    their numbers of devices. `notes` say what the plan does not cover, and why; `blocked` says why
    none of it may be written. What was last written from a commit that is not among the `known` is
    not deleted; None if all are known.
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
    uploads: tuple[ModelRelease, ...] = ()
    waiting: tuple[str, ...] = ()
    not_compared: tuple[tuple[Secret, int], ...] = ()
    notes: tuple[str, ...] = ()
    blocked: Blocked | None = None
    paused: tuple[Paused, ...] = ()
    known: frozenset[str] | None = None

    @property
    def absent(self) -> frozenset[str]:
        """The devices that are not on the hub, and that the plan does not create."""
        return frozenset((*self.waiting, *(each.device for each in self.paused if not each.on_hub)))
