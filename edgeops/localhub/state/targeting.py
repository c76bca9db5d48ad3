"""Which configurations target a twin, and which of their settings are in effect.

Sources, Microsoft Learn: "Automatic IoT device and module management using the
Azure CLI", "Understand IoT Edge automatic deployments for single devices or at
scale", and "Deploy and monitor IoT Edge modules at scale using the Azure CLI".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from edgeops.jsonvalue import JsonObject
from edgeops.localhub.state.configurations import Configuration, Kind, Target, target
from edgeops.localhub.state.settings import Settings, in_effect, settings_of
from edgeops.localhub.steps import Steps
from edgeops.twin import EDGE_AGENT

TARGETED = "Targeted"
APPLIED = "Applied"

# Targeted or Applied, by configuration.
Statuses = dict[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """A configuration, ready to be matched with many twins.

    `settings` are by module; those of a device or module configuration have the key "".
    """

    id: str
    target: Target
    priority: int
    created: str
    settings: Mapping[str, Settings]

    @property
    def kind(self) -> Kind:
        """The kind of configuration."""
        return self.target.kind

    @property
    def base(self) -> bool:
        """Whether this is an IoT Edge deployment that has all of `$edgeAgent`: not layered."""
        return any(not setting.path for setting in self.settings.get(EDGE_AGENT, ()))


@dataclass(frozen=True, slots=True)
class ConfigurationEffect:
    """What configurations do to a twin, and their statuses in it."""

    settings: Settings
    statuses: Statuses


@dataclass(frozen=True, slots=True)
class DeploymentEffect:
    """What deployments do to an edge device, and their statuses in its `$edgeAgent`.

    `settings` are by module; None when no base deployment targets the device.
    """

    settings: Mapping[str, Settings] | None
    statuses: Statuses


def rule_of(configuration: Configuration) -> Rule:
    """A configuration as a rule. Raises `HubFault` 400 when its content is invalid."""
    content = configuration.content
    if configuration.edge:
        settings = {
            module: settings_of(paths, f"Module {module}")
            for module, paths in content["modulesContent"].items()
        }
    else:
        settings = {"": settings_of(content[f"{configuration.kind}Content"], configuration.id)}
    return Rule(
        configuration.id,
        target(configuration),
        configuration.priority,
        configuration.created,
        settings,
    )


def targeting(rules: Iterable[Rule], twin: JsonObject) -> Steps[list[Rule]]:
    """The rules that target a twin (of their source), those of the lowest priority first.

    Of the same priority, the one that was created last comes last.
    """
    matching = []
    for rule in rules:
        if rule.target.matches(twin):
            matching.append(rule)
        yield
    return sorted(matching, key=lambda rule: (rule.priority, rule.created, rule.id))


def configuration_effect(rules: list[Rule]) -> Steps[ConfigurationEffect]:
    """The effect of the configurations that target a twin, lowest first.

    Those with a setting in effect are Applied.
    """
    effective = yield from in_effect([rule.settings[""] for rule in rules])
    statuses = {
        rule.id: APPLIED if settings else TARGETED
        for rule, settings in zip(rules, effective, strict=True)
    }
    return ConfigurationEffect(tuple(chain.from_iterable(effective)), statuses)


def deployment_effect(rules: list[Rule]) -> Steps[DeploymentEffect]:
    """The effect of the deployments that target a device, lowest first.

    Of base deployments only the highest applies, and then the layered ones above it.
    Those without a setting of `$edgeAgent` are shown as Targeted all the same.
    """
    statuses = targeted(rules)
    base = next((rule for rule in reversed(rules) if rule.base), None)
    if base is None:
        return DeploymentEffect(None, statuses)
    layers: dict[str, list[Settings]] = defaultdict(list)
    for rule in rules:
        if rule is base or (not rule.base and rule.priority > base.priority):
            for module, settings in rule.settings.items():
                layers[module].append(settings)
            if rule.settings.get(EDGE_AGENT):
                statuses[rule.id] = APPLIED
            yield
    merged = {}
    for module, stack in layers.items():
        merged[module] = tuple(chain.from_iterable((yield from in_effect(stack))))
    return DeploymentEffect(merged, statuses)


def targeted(rules: Iterable[Rule]) -> Statuses:
    """The statuses when none of the rules is applied."""
    return {rule.id: TARGETED for rule in rules}
