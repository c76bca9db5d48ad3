"""Configurations: automatic device management and IoT Edge deployments.

`targeting.py` says which apply to a twin, `metrics.py` what is counted of them.
Source: "Automatic device management", Microsoft Learn, and the API description
of version 2021-04-12.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, Literal

import orjson

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import limits, query
from edgeops.localhub.state import errors
from edgeops.localhub.state.deployment import modules_content
from edgeops.localhub.state.etags import counter_etag
from edgeops.localhub.state.identities import SYSTEM_MODULES
from edgeops.localhub.state.json_text import count_values, require_object
from edgeops.localhub.state.moment import Moment
from edgeops.localhub.state.settings import settings_of, with_settings
from edgeops.localhub.state.twins import MAX_JSON_RATIO, MAX_VALUES
from edgeops.twin import EDGE_AGENT

Kind = Literal["device", "module", "edge"]

MAX_OF_A_KIND = 100
# Limits of the local hub only: parsing the queries must not take long.
MAX_METRICS = 20
MAX_METRIC_CHARACTERS = 16_384

_ID = re.compile(r"[a-z0-9\-:.+%_#*?!(),=@;$']{1,128}\Z")
_CONTENTS = ("deviceContent", "moduleContent", "modulesContent")


@dataclass(frozen=True, slots=True)
class Configuration:
    """One configuration; `content` never changes."""

    id: str
    content: JsonObject
    created: str
    updated: str
    target_condition: str = ""
    priority: int = 0
    labels: JsonObject | None = None
    metrics: JsonObject | None = None
    revision: int = 1

    @property
    def kind(self) -> Kind:
        """Whether it configures devices, modules, or (as a deployment) edge devices."""
        if "modulesContent" in self.content:
            return "edge"
        return "module" if "moduleContent" in self.content else "device"

    @property
    def edge(self) -> bool:
        """Whether this is an IoT Edge deployment."""
        return self.kind == "edge"

    @property
    def source(self) -> query.Source:
        """The collection of twins that it targets."""
        return "devices.modules" if self.kind == "module" else "devices"

    @property
    def etag(self) -> str:
        """The etag for its preconditions."""
        return counter_etag(self.revision)


@dataclass(frozen=True, slots=True)
class Target:
    """The twins that a configuration targets."""

    kind: Kind
    condition: query.TargetCondition

    def matches(self, twin: JsonObject) -> bool:
        """Whether this is a target; the twin is of the source of the configuration."""
        if self.kind == "edge" and not twin["capabilities"]["iotEdge"]:
            return False
        if self.kind == "module" and twin["moduleId"] in SYSTEM_MODULES:
            return False
        return query.matches(self.condition, twin)


def created(configuration: str, body: Any, moment: Moment, others: Iterable[bool]) -> Configuration:
    """A new configuration; `others` says of each existing one whether it is an edge deployment.

    Raises `HubFault` 400 and 413.
    """
    if not _ID.match(configuration):
        raise errors.invalid(
            "The configuration id must be 1 to 128 lower-case letters, digits "
            "and - : . + % _ # * ? ! ( ) , = @ ; $ '"
        )
    now = moment.timestamp
    content = _content(require_object(body).get("content"))
    new = _with_mutable(Configuration(configuration, content, now, now), body)
    if sum(edge == new.edge for edge in others) >= MAX_OF_A_KIND:
        raise errors.too_many_configurations(MAX_OF_A_KIND)
    return new


def updated(configuration: Configuration, body: Any, moment: Moment) -> Configuration:
    """The configuration with new labels, metrics, priority or target condition.

    Raises `HubFault` 400, 400403 when the content would change.
    """
    content = require_object(body).get("content")
    if content is not None and _requested_content(content) != configuration.content:
        raise errors.content_is_immutable()
    new = _with_mutable(configuration, body)
    return replace(new, updated=moment.timestamp, revision=configuration.revision + 1)


def target(configuration: Configuration) -> Target:
    """What a configuration targets, to match with many twins."""
    return Target(configuration.kind, query.condition(configuration.target_condition))


def custom_queries(configuration: Configuration) -> dict[str, str]:
    """The queries of the custom metrics, by name."""
    return (configuration.metrics or {}).get("queries") or {}


def document(configuration: Configuration, system: JsonObject, custom: JsonObject) -> JsonObject:
    """A configuration in the format of the service API.

    `system` and `custom` are metrics: `queries` and their `results`, by name.
    """
    return {
        "id": configuration.id,
        "schemaVersion": "1.0",
        "labels": configuration.labels,
        "content": configuration.content,
        "contentType": "assignment",
        "targetCondition": configuration.target_condition,
        "createdTimeUtc": configuration.created,
        "lastUpdatedTimeUtc": configuration.updated,
        "priority": configuration.priority,
        "systemMetrics": system,
        "metrics": custom,
        "etag": configuration.etag,
    }


def query_errors(body: Any) -> JsonObject:
    """The response of `testQueries`: the errors in a target condition and in metrics."""
    requested = require_object(body)
    response: JsonObject = {
        "customMetricQueryErrors": _metric_errors(requested.get("customMetricQueries"))
    }
    if error := _condition_error(requested.get("targetCondition")):
        response["targetConditionError"] = error
    return response


def _with_mutable(configuration: Configuration, body: JsonObject) -> Configuration:
    condition = body.get("targetCondition", configuration.target_condition)
    if error := _condition_error(condition) or _source_error(configuration, condition):
        raise errors.bad_target_condition(error)
    priority = body.get("priority", configuration.priority)
    if priority is None:
        priority = 0
    if isinstance(priority, bool) or not isinstance(priority, int) or priority < 0:
        raise errors.invalid("'priority' must be an integer that is not negative.")
    labels = body.get("labels", configuration.labels)
    if not all(isinstance(item, str) for item in _optional_object(labels, "labels").values()):
        raise errors.invalid("The values of 'labels' must be strings.")
    metrics = body.get("metrics", configuration.metrics)
    for error in _metric_errors(_optional_object(metrics, "metrics").get("queries")).values():
        raise errors.bad_metric(error)
    return replace(
        configuration,
        target_condition=condition or "",
        priority=priority,
        labels=labels,
        metrics=metrics,
    )


def _content(value: Any) -> JsonObject:
    content = _requested_content(value)
    if len(content) != 1:
        raise errors.bad_content(f"'content' must have exactly one of {', '.join(_CONTENTS)}.")
    if "modulesContent" not in content:
        (name, settings), *_ = content.items()
        _check_settings(settings, f"'{name}'")
        return content
    modules = modules_content(content)
    if EDGE_AGENT not in modules:
        raise errors.bad_content(f"'modulesContent' must have {EDGE_AGENT}, at least as {{}}.")
    for name, settings in modules.items():
        _check_settings(settings, f"Module {name}")
    return content


def _check_settings(content: Any, subject: str) -> None:
    """Check that a twin can have the settings of a content."""
    settings = settings_of(content, subject)
    size = len(orjson.dumps(content))
    if size > MAX_JSON_RATIO * limits.MAX_DESIRED or count_values(content) > MAX_VALUES:
        raise errors.bad_content(f"{subject} is larger than the desired properties of a twin.")
    try:
        counted = limits.size_of(with_settings({}, settings))
    except limits.LimitExceeded as broken:
        raise errors.bad_content(
            f"{subject}: {broken.message}. Error in Property/Tag properties.desired{broken.at}."
        ) from None
    if counted > limits.MAX_DESIRED:
        raise errors.bad_content(f"{subject} is larger than the desired properties of a twin.")


def _requested_content(value: Any) -> JsonObject:
    if not isinstance(value, dict):
        raise errors.bad_content("'content' is missing or not an object.")
    return {name: value[name] for name in _CONTENTS if value.get(name) is not None}


def _optional_object(value: Any, name: str) -> JsonObject:
    return {} if value is None else require_object(value, f"'{name}'")


def _condition_error(condition: Any) -> str:
    return _parse_error(query.condition, "" if condition is None else condition)


def _source_error(configuration: Configuration, condition: str | None) -> str:
    if not condition or query.condition(condition).source == configuration.source:
        return ""
    return f"the target condition must be on {configuration.source}"


def _metric_errors(queries: Any) -> dict[str, str]:
    """The errors in custom metrics, by name."""
    metrics = _optional_object(queries, "queries")
    if len(metrics) > MAX_METRICS:
        raise errors.bad_metric(f"there may be at most {MAX_METRICS} custom metrics")
    if sum(len(text) for text in metrics.values() if isinstance(text, str)) > MAX_METRIC_CHARACTERS:
        raise errors.bad_metric(
            f"custom metrics may have {MAX_METRIC_CHARACTERS:,} characters together"
        )
    parsed = {name: _parse_error(query.parse_metric, text) for name, text in metrics.items()}
    return {name: error for name, error in parsed.items() if error}


def _parse_error(parse: Callable[[str], object], text: Any) -> str:
    """The message of the error in a query or condition, empty when it is valid."""
    if not isinstance(text, str):
        return "a query or target condition must be a string"
    try:
        parse(text)
    except query.QueryError as error:
        return str(error)
    return ""
