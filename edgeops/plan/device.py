"""The changes that one device needs: its desired state compared with its live twins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace

from edgeops import stamp as stamps
from edgeops.configuration import Paths
from edgeops.fleet.model import DesiredDevice, DesiredModule
from edgeops.jsonvalue import JsonObject, merge_patch
from edgeops.plan.agreement import agrees
from edgeops.plan.device_modules import deployed_modules, modules_of_others, own_modules
from edgeops.plan.edge import content_patch
from edgeops.plan.identity import (
    IDENTITY,
    identity_of,
    identity_patch,
    identity_refusal,
    new_identity,
    new_twin,
)
from edgeops.plan.model import Action, Change, Reason, Refusal
from edgeops.plan.overlap import not_foreign
from edgeops.plan.ownership import Owner
from edgeops.plan.removals import gone_modules
from edgeops.plan.secrets import value_at, with_references
from edgeops.plan.stamping import MODULES, device_stamp, first_stamp, module_stamp, owned_in
from edgeops.secret_reference import secrets_in
from edgeops.stamp import PROTECT, Stamp
from edgeops.stamp_paths import Path
from edgeops.twin import EDGE_AGENT, LiveDevice, Twin, diff


def plan_device(
    device: DesiredDevice,
    live: LiveDevice | None,
    owner: Owner,
    *,
    create: bool,
    prune: bool = False,
) -> tuple[Change, ...] | Refusal:
    """The changes that make a device on the hub agree with git, in the order to write them.

    `live` has the modules in git that exist on the hub, and the system modules of an edge device;
    it is None when the device is not on the hub. `prune` also deletes module identities that
    edgeops created and git no longer has; without it, or if the device was written from a commit
    that the owner does not know, they stay in the stamp.
    """
    if live is None:
        if not create:
            return Refusal(device.name, "is not on the hub", "create it first, or use --create")
        if refusal := identity_refusal(device, None):
            return refusal
        blank, patch = LiveDevice(new_twin(device)), {IDENTITY: new_identity(device)}
        new = Change(device.name, Action.CREATE_DEVICE, Reason.NEW, patch=patch)
        return new, *(
            replace(change, reason=Reason.NEW)
            for change in _changes(device, blank, owner, prune=prune)
        )
    if agrees(device, live, owner):
        return ()
    return _refusal(device, live, owner) or _changes(device, live, owner, prune=prune)


def awaited_modules(device: DesiredDevice, live: LiveDevice) -> list[str]:
    """The modules with desired properties that a deployment of others has yet to create, sorted."""
    missing = modules_of_others(device) - live.modules.keys()
    return sorted(name for name in missing if device.modules[name].desired)


def _refusal(device: DesiredDevice, live: LiveDevice, owner: Owner) -> Refusal | None:
    for name, twin in ((None, live.twin), *((m, live.modules.get(m)) for m in device.modules)):
        stamp = stamps.decode(twin.tags) if twin else None
        if foreign := owner.foreign(stamp, device.name, name):
            return foreign
    if live.twin.edge != device.edge:
        kinds = {True: "an edge device", False: "not an edge device"}
        return Refusal(
            device.name,
            f"is {kinds[live.twin.edge]} on the hub, {kinds[device.edge]} in git",
            "edgeops does not recreate identities: change the manifest, or delete the device",
        )
    if refusal := identity_refusal(device, live.twin.authentication):
        return refusal
    agent = live.modules.get(EDGE_AGENT)
    unknown = sorted(set(agent.configurations if agent else ()) - device.configurations)
    if unknown and not device.external:
        return Refusal(
            device.name,
            f"is targeted by the automatic deployment {', '.join(unknown)}",
            "IoT Hub would undo the changes; exclude the device from its target condition",
        )
    return None


def _changes(
    device: DesiredDevice, live: LiveDevice, owner: Owner, *, prune: bool
) -> tuple[Change, ...]:
    old = stamps.decode(live.twin.tags)
    foreign = device.foreign

    def owned(section: str, live: JsonObject) -> frozenset[Path]:
        return not_foreign(owned_in(old, section, live), device.ignored.get(section))

    tags, desired = live.twin.tags, _shown(live.twin.desired, device.desired, old, "desired")
    contents = {
        module: _shown(live.desired(module), want, old, module)
        for module, want in device.edge_content.items()
    }
    new_device = not live.desired(EDGE_AGENT).get("systemModules")
    deploy = {
        module: patch
        for module, want in device.edge_content.items()
        if (
            patch := content_patch(
                contents[module],
                want,
                device.edge_defaults.get(module, {}),
                not_foreign(owned(module, contents[module]), foreign.get(module)),
                module,
                new=new_device,
            )
        )
    }
    deployed = deployed_modules(device).keys()
    deploy = _with_modules(deploy, sorted(deployed - live.modules.keys()))
    others = modules_of_others(device)
    own = own_modules(device)
    gone = gone_modules(device, old)
    deletions = gone if prune and owner.knows(old) else []

    # Those that edgeops creates, not those that existed before.
    kept = {path[0] for path in owned_in(old, MODULES, {})} & own
    identities = (own - live.modules.keys()) | kept | (set(gone) - set(deletions))
    new = device_stamp(device, owner, identities)
    replaced = frozenset(
        (module, *path)
        for module, patch in deploy.items()
        for path, _ in secrets_in(patch)
        if value_at(contents[module], path) is not None
    )
    first = first_stamp(old, new, replaced, more=bool(deploy or deletions))
    stamp = {} if stamps.same_content(old, first) else stamps.patch(live.twin.tags, first)
    # The only part of a stamp that a patch shows: whether the device is protected from deletion.
    protect = {stamps.TAG: {PROTECT: stamp[PROTECT]}} if PROTECT in stamp else {}
    patch = {
        "tags": {**diff(tags, device.tags, owned("tags", tags)), **protect},
        "desired": diff(
            desired,
            device.desired,
            not_foreign(owned("desired", desired), foreign.get("")),
        ),
    }
    patch = {section: values for section, values in patch.items() if values}

    reason = _reason(old, new)
    change = Change(device.name, Action.PATCH_DEVICE, reason, etag=live.twin.etag)
    sections = {"tags": tags, "desired": desired}
    changes: list[Change] = []
    if identity := identity_patch(live.twin, device):
        before = _before({IDENTITY: identity_of(live.twin)}, {IDENTITY: identity})
        update = Change(device.name, Action.UPDATE_IDENTITY, reason, before=before)
        changes.append(replace(update, patch={IDENTITY: identity}))
    if patch or stamp:
        changes.append(replace(change, patch=patch, before=_before(sections, patch), stamp=stamp))
    if deploy:
        before = _before(contents, deploy)
        changes.append(Change(device.name, Action.DEPLOY, reason, patch=deploy, before=before))
    changes += [
        Change(device.name, Action.CREATE_MODULE, Reason.NEW, module=name)
        for name in sorted(own - live.modules.keys())
    ]
    for name, module in sorted(device.modules.items()):
        if name in others and name not in live.modules:
            continue  # `awaited_modules`
        paths = foreign.get(name)
        changes += _module_changes(device.name, module, live.modules.get(name), owner, paths)
    changes += [
        Change(device.name, Action.DELETE_MODULE, Reason.REMOVED, module=name) for name in deletions
    ]
    if first != new:
        last = stamps.patch(merge_patch(live.twin.tags, {stamps.TAG: stamp}), new)
        changes.append(replace(change, action=Action.STAMP_DEVICE, stamp=last))
    return tuple(changes)


def _module_changes(
    device: str, module: DesiredModule, live: Twin | None, owner: Owner, foreign: Paths | None
) -> tuple[Change, ...]:
    old = stamps.decode(live.tags) if live else None
    if old is None and not module.desired:
        return ()  # nothing to write and nothing to own
    twin = live or Twin(device, module.name)
    shown = _shown(twin.desired, module.desired, old, "desired")
    owned_before = not_foreign(owned_in(old, "desired", shown), module.ignored)
    owned_before = not_foreign(owned_before, foreign)
    desired = diff(shown, module.desired, owned_before)
    patch = {"desired": desired} if desired else {}
    new = module_stamp(device, module, owner)
    stamp = {} if stamps.same_content(old, new) else stamps.patch(twin.tags, new)
    if not patch and not stamp:
        return ()
    return (
        Change(
            device,
            Action.PATCH_MODULE,
            _reason(old, new) if live else Reason.NEW,
            module=module.name,
            patch=patch,
            before=_before({"desired": shown}, patch),
            stamp=stamp,
            etag=twin.etag,
        ),
    )


def _reason(old: Stamp | None, new: Stamp) -> Reason:
    if old is None:
        return Reason.ADOPTED
    unchanged = replace(old, commit=new.commit, owned=new.owned) == new
    return Reason.DRIFT if unchanged else Reason.CHANGED


def _shown(live: JsonObject, want: JsonObject, stamp: Stamp | None, section: str) -> JsonObject:
    """The live value of a section without its secrets."""
    written = stamp.secrets_in(section) if stamp else {}
    return with_references(live, want, written, owned_in(stamp, section, live))


def _with_modules(patch: dict[str, JsonObject], modules: Collection[str]) -> dict[str, JsonObject]:
    """The patch of a deployment that also creates these modules, some perhaps by name only.

    The hub creates the missing identity of every listed module, even of one that was listed before.
    """
    if not modules:
        return patch
    agent = patch.get(EDGE_AGENT, {})
    named = {name: {} for name in modules} | agent.get(MODULES, {})
    return {**patch, EDGE_AGENT: {**agent, MODULES: named}}


def _before(live: Mapping[str, JsonObject], patch: Mapping[str, JsonObject]) -> JsonObject:
    """The live values of the paths that a patch touches."""
    return {
        key: _before(live[key], item)
        if isinstance(item, dict) and isinstance(live[key], dict)
        else live[key]
        for key, item in patch.items()
        if key in live
    }
