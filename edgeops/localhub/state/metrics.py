"""The metrics of configurations: numbers of twins that are targeted, configured, and so on.

Source: "Automatic IoT device and module management using the Azure CLI" and
"Monitor IoT Edge deployments", Microsoft Learn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import query
from edgeops.localhub.query.ast import Logical
from edgeops.localhub.query.grouping import Groups
from edgeops.localhub.state.configurations import (
    Configuration,
    custom_queries,
    target,
)
from edgeops.twin import EDGE_AGENT


@dataclass
class Metric:
    """A metric of one configuration, while its twins are counted."""

    name: str
    text: str
    custom: bool
    source: query.Source
    matches: Callable[[JsonObject], bool]
    top: int | None = None
    groups: Groups | None = None
    count: int = 0

    def add(self, twin: JsonObject) -> None:
        """Count a twin if it matches."""
        if not self.matches(twin):
            return
        self.count += 1
        if self.groups is not None:
            with suppress(query.QueryError):  # more groups than the local hub holds
                self.groups.add(twin)

    @property
    def rows(self) -> int:
        """The number of rows that the query gives for the twins counted so far."""
        rows = self.count if self.groups is None else len(self.groups)
        return rows if self.top is None else min(rows, self.top)


def metrics(configuration: Configuration) -> Iterator[Metric]:
    """The system metrics and custom metrics of a configuration, with nothing counted yet."""
    targets = target(configuration)
    yield Metric(
        "targetedCount", _targets(configuration), False, configuration.source, targets.matches
    )
    for name, text in _applied(configuration).items():
        yield _of_query(name, text, configuration, custom=False)
    for name, text in custom_queries(configuration).items():
        yield _of_query(name, text, configuration, custom=True)


def results(metrics_of_one: list[Metric], *, custom: bool) -> JsonObject:
    """The system or custom metrics in the format of the service API."""
    chosen = [metric for metric in metrics_of_one if metric.custom == custom]
    return {
        "results": {metric.name: metric.rows for metric in chosen},
        "queries": {metric.name: metric.text for metric in chosen},
    }


def _of_query(name: str, text: str, configuration: Configuration, *, custom: bool) -> Metric:
    parsed = query.parse_metric(text, configuration.source)
    condition = query.TargetCondition(parsed.source, parsed.where)
    matches = lambda twin: query.matches(condition, twin)  # noqa: E731
    groups = Groups(parsed.grouping) if parsed.grouping else None
    return Metric(name, text, custom, parsed.source, matches, parsed.top, groups)


def _targets(configuration: Configuration) -> str:
    """The query of the targets, as Azure shows it."""
    condition = configuration.target_condition.strip()
    if not condition:
        return ""
    if configuration.kind == "module":
        return f"select deviceId, moduleId {condition}"
    if not configuration.edge:
        devices = "select deviceId from devices"
        return devices if condition == "*" else f"{devices} where {condition}"
    edge = "select deviceId from devices where capabilities.iotEdge = true"
    if condition == "*":
        return edge
    where = query.condition(condition).where
    alternatives = isinstance(where, Logical) and where.operator == "OR"
    return f"{edge} and ({condition})" if alternatives else f"{edge} and {condition}"


def _applied(configuration: Configuration) -> dict[str, str]:
    """The queries of the system metrics on what was applied, as Azure shows them."""
    if not configuration.edge:
        applied = f"configurations.[[{configuration.id}]].status = 'Applied'"
        query_text = f"select deviceId from {configuration.source} where {applied}"  # noqa: S608
        return {"appliedCount": query_text}
    agent = f"moduleId = '{EDGE_AGENT}' and configurations.[[{configuration.id}]].status"
    applied = f"select deviceId from devices.modules where {agent} = 'Applied'"  # noqa: S608
    current = f"{applied} and properties.desired.$version = properties.reported.lastDesiredVersion"
    code = "properties.reported.lastDesiredStatus.code"
    return {
        "appliedCount": applied,
        "reportedSuccessfulCount": f"{current} and {code} = 200",
        "reportedFailedCount": f"{current} and {code} != 200",
    }
