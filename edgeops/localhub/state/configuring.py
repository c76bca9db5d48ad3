"""What the configurations of a hub do to one device and its modules.

A setting that somebody else has changed is set again; what no setting is about
is left alone. When a configuration no longer targets a twin, its settings are
removed, except that an edge device which no base deployment targets any more
keeps the modules and settings that it has, as on Azure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from edgeops.jsonvalue import keys_of, pointer
from edgeops.localhub.limits import MAX_DESIRED
from edgeops.localhub.state import errors, twins
from edgeops.localhub.state.deployment import DeploymentWrite, listed_modules, with_identities
from edgeops.localhub.state.documents import twin_document
from edgeops.localhub.state.entry import Configured, RegistryEntry
from edgeops.localhub.state.errors import HubFault
from edgeops.localhub.state.identities import SYSTEM_MODULES
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.settings import Settings, with_settings, without_paths
from edgeops.localhub.state.targeting import (
    TARGETED,
    ConfigurationEffect,
    DeploymentEffect,
    Rule,
    configuration_effect,
    deployment_effect,
    targeted,
    targeting,
)
from edgeops.localhub.state.twins import TwinWrite
from edgeops.localhub.steps import Steps
from edgeops.twin import EDGE_AGENT

_NOTHING = Configured()


@dataclass(frozen=True, slots=True)
class ConfiguredWrite:
    """What to write for a device and its modules, and why settings were refused, if some were."""

    write: DeploymentWrite
    refusals: tuple[str, ...]


def configured(
    device: RegistryEntry,
    modules: Mapping[str, RegistryEntry],
    rules: Sequence[Rule],
    moment: Moment,
) -> Steps[ConfiguredWrite]:
    """Apply all rules to a device and its modules.

    Settings with which a twin would break a limit are refused: the twin keeps
    those that it has, and its configurations are Targeted only.
    """
    of_modules = [rule for rule in rules if rule.kind == "module"]
    others = [rule for rule in rules if rule.kind != "module"]
    matching = yield from targeting(others, twin_document(device))
    own = yield from configuration_effect([rule for rule in matching if rule.kind == "device"])
    refusals: list[str] = []
    writes = [_write_or_refuse(device, None, own, moment, refusals)]
    yield
    edge = [rule for rule in matching if rule.kind == "edge"]
    deployment = yield from deployment_effect(edge)
    try:
        write_modules = _deployed(device, modules, deployment, of_modules, moment, refusals)
        module_writes, deleted = yield from write_modules
    except HubFault as fault:
        refusals.append(fault.message)
        unchanged = DeploymentEffect(None, targeted(edge))
        write_modules = _deployed(device, modules, unchanged, of_modules, moment, refusals)
        module_writes, deleted = yield from write_modules
    writes += module_writes
    before = {"": device, **modules}
    saved = (w.entry for w in writes if w.entry is not before.get(w.entry.identity.module))
    changes = (write.change for write in writes if write.change)
    write = DeploymentWrite(tuple(saved), deleted, tuple(changes))
    return ConfiguredWrite(write, tuple(dict.fromkeys(refusals)))  # the first attempt may add some


def _deployed(
    device: RegistryEntry,
    modules: Mapping[str, RegistryEntry],
    deployment: DeploymentEffect,
    rules: Sequence[Rule],
    moment: Moment,
    refusals: list[str],
) -> Steps[tuple[list[TwinWrite], tuple[str, ...]]]:
    """Apply deployments and module configurations; gives the modules, and those to delete.

    Raises `HubFault` when the deployments break a limit.
    """
    deleted: tuple[str, ...] = ()
    if deployment.settings is not None:
        agent = with_settings({}, deployment.settings[EDGE_AGENT])
        listed = listed_modules(agent.get("modules", {}))
        modules, deleted = yield from with_identities(
            device, modules, listed, deployment.settings, moment
        )
    writes = []
    for name, entry in modules.items():
        if name in SYSTEM_MODULES:
            effect = ConfigurationEffect((), deployment.statuses if name == EDGE_AGENT else {})
        else:
            matching = yield from targeting(rules, twin_document(entry))
            effect = yield from configuration_effect(matching)
        settings = None if deployment.settings is None else deployment.settings.get(name, ())
        writes.append(_write_or_refuse(entry, settings, effect, moment, refusals))
        yield
    return writes, deleted


def _write_or_refuse(
    entry: RegistryEntry,
    deployment: Settings | None,
    effect: ConfigurationEffect,
    moment: Moment,
    refusals: list[str],
) -> TwinWrite:
    """Apply a deployment, and configurations if they do not break a limit.

    Raises `HubFault` when the deployment breaks a limit.
    """
    try:
        return _write(entry, deployment, effect, moment)
    except HubFault as fault:
        refused = ConfigurationEffect((), dict.fromkeys(effect.statuses, TARGETED))
        if deployment is not None:
            write = _write(entry, deployment, refused, moment)
        else:
            past = entry.configured or _NOTHING
            write = TwinWrite(_remembering(entry, replace(past, statuses=refused.statuses)))
        module = entry.identity.module
        refusals.append(f"module {module}: {fault.message}" if module else fault.message)
        return write


def _write(
    entry: RegistryEntry,
    deployment: Settings | None,
    effect: ConfigurationEffect,
    moment: Moment,
) -> TwinWrite:
    """Write settings, and remove those of the past; no deployment (None) leaves its settings."""
    past = entry.configured or _NOTHING
    if len(deployment or ()) + len(effect.settings) > twins.MAX_VALUES:
        raise errors.section_too_big("Properties.Desired", MAX_DESIRED)
    values = without_paths(entry.twin.desired.values, map(keys_of, past.by_configurations))
    by_deployments = past.by_deployments
    if deployment is not None:
        values = without_paths(values, map(keys_of, by_deployments))
        values = with_settings(values, deployment)
        by_deployments = _pointers(deployment)
    values = with_settings(values, effect.settings)
    write = twins.desired_becoming(entry, values, moment)
    now = Configured(effect.statuses, by_deployments, _pointers(effect.settings))
    return replace(write, entry=_remembering(write.entry, now))


def _remembering(entry: RegistryEntry, configured: Configured) -> RegistryEntry:
    now = None if configured == _NOTHING else configured
    return entry if now == entry.configured else replace(entry, configured=now)


def _pointers(settings: Settings) -> tuple[str, ...]:
    """What settings own: the paths at which they put a value."""
    return tuple(pointer(*setting.path) for setting in settings if setting.value is not None)
