"""Devices with configurations, as values: who targets them, and what they become."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from edgeops.localhub.state import twins
from edgeops.localhub.state.configurations import created
from edgeops.localhub.state.configuring import configured
from edgeops.localhub.state.entry import RegistryEntry
from edgeops.localhub.state.identities import device_created, module_created
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.targeting import rule_of
from edgeops.localhub.steps import finish

MOMENT = Moment(datetime(2026, 1, 2, tzinfo=UTC), new_key=lambda: "key")
SYSTEM_MODULES = {"edgeAgent": {"settings": {"image": "agent:1.5"}}}


def configuration(name, content, *, target="*", priority=0, day=1):
    """A configuration that was created on a day of January."""
    body = {"content": content, "targetCondition": target, "priority": priority}
    moment = Moment(datetime(2026, 1, day, tzinfo=UTC), new_key=lambda: "key")
    return created(name, body, moment, ())


def for_devices(name, settings, **options):
    """A device configuration with settings by path below `properties.desired.`."""
    content = {f"properties.desired.{path}": value for path, value in settings.items()}
    return configuration(name, {"deviceContent": content}, **options)


def for_modules(name, settings, where, **options):
    """A module configuration with settings by path below `properties.desired.`."""
    content = {f"properties.desired.{path}": value for path, value in settings.items()}
    target = f"FROM devices.modules WHERE {where}"
    return configuration(name, {"moduleContent": content}, target=target, **options)


def base(name, *modules, twins=(), routes=(), **options):
    """A base deployment that lists modules; `twins` are desired properties by module."""
    agent = {
        "schemaVersion": "1.1",
        "systemModules": SYSTEM_MODULES,
        "modules": {m: {"image": m} for m in modules},
    }
    edge_hub = {"schemaVersion": "1.1", "routes": dict(routes)}
    content = {"$edgeAgent": agent, "$edgeHub": edge_hub, **dict(twins)}
    content = {module: {"properties.desired": value} for module, value in content.items()}
    return configuration(name, {"modulesContent": content}, **options)


def layer(name, content, **options):
    """A layered deployment: settings of modules by path below `properties.desired.`."""
    content = {
        module: {f"properties.desired.{path}": value for path, value in settings.items()}
        for module, settings in content.items()
    }
    return configuration(name, {"modulesContent": {"$edgeAgent": {}} | content}, **options)


@dataclass
class Twins:
    """A device and its modules, to which configurations and users write."""

    device: RegistryEntry
    modules: dict[str, RegistryEntry] = field(default_factory=dict)
    changes: list = field(default_factory=list)
    refusals: tuple = ()

    @classmethod
    def new(cls, *, edge=False, tags=None, modules=()):
        """A device d1; `modules` are modules that a user has created."""
        device, *system = device_created("d1", {"capabilities": {"iotEdge": edge}}, MOMENT, ()).save
        device = twins.patched(device, {"tags": tags or {}}, MOMENT).entry
        found = {entry.identity.module: entry for entry in system}
        for name in modules:
            found[name] = module_created("d1", name, {}, MOMENT, ())
        return cls(device, found)

    def apply(self, *configurations):
        """Evaluate configurations; gives self."""
        rules = [rule_of(configuration) for configuration in configurations]
        result = finish(configured(self.device, self.modules, rules, MOMENT))
        for entry in result.write.save:
            if entry.identity.module:
                self.modules[entry.identity.module] = entry
            else:
                self.device = entry
        for name in result.write.delete:
            del self.modules[name]
        self.changes = list(result.write.changes)
        self.refusals = result.refusals
        self.written = bool(result.write.save or result.write.delete)
        return self

    def set(self, module="", **desired):
        """Patch desired properties as a user."""
        self.patch(module, {"desired": desired})
        return self

    def patch(self, module, sections):
        """Patch sections of a twin as a user."""
        entry = twins.patched(self[module], sections, MOMENT).entry
        if module:
            self.modules[module] = entry
        else:
            self.device = entry

    def __getitem__(self, module):
        return self.modules[module] if module else self.device

    def desired(self, module=""):
        """The desired properties."""
        return self[module].twin.desired.values

    def statuses(self, module=""):
        """The first letters of the statuses, by configuration."""
        configured = self[module].configured
        return {k: v[0] for k, v in configured.statuses.items()} if configured else {}

    def versions(self):
        """The versions of all desired properties."""
        entries = {"": self.device, **self.modules}
        return {name: entry.twin.desired.version for name, entry in entries.items()}

    def copy(self):
        """The same twins, to go another way."""
        return replace(self, modules=dict(self.modules))
