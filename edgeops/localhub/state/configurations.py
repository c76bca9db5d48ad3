"""Configurations: automatic device management and IoT Edge deployments.

They are kept and matched; applying them to twins comes later, so their
metrics count targets only. Source: "Automatic device management", Microsoft
Learn, and the API description of version 2021-04-12.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any

from edgeops.jsonvalue import JsonObject
from edgeops.localhub import query
from edgeops.localhub.state import errors
from edgeops.localhub.state.deployment import modules_content
from edgeops.localhub.state.etags import counter_etag
from edgeops.localhub.state.moment import Moment
from edgeops.twin import EDGE_AGENT

MAX_OF_A_KIND = 100
# Limits of this hub alone: reading the queries must not take long.
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
    def edge(self) -> bool:
        """Whether this is an IoT Edge deployment."""
        return "modulesContent" in self.content

    @property
    def etag(self) -> str:
        """The etag that guards it."""
        return counter_etag(self.revision)


def created(configuration: str, body: Any, moment: Moment, others: Iterable[bool]) -> Configuration:
    """A new configuration next to others: for each, whether it is an edge deployment.

    Raises `HubFault` 400 and 413.
    """
    if not _ID.match(configuration):
        raise errors.invalid(
            "The configuration id must be 1 to 128 lower-case letters, digits "
            "and - : . + % _ # * ? ! ( ) , = @ ; $ '"
        )
    now = moment.timestamp
    content = _content(_object(body).get("content"))
    fresh = _with_mutable(Configuration(configuration, content, now, now), body)
    if sum(edge == fresh.edge for edge in others) >= MAX_OF_A_KIND:
        raise errors.too_many_configurations(MAX_OF_A_KIND)
    return fresh


def updated(configuration: Configuration, body: Any, moment: Moment) -> Configuration:
    """The configuration with new labels, metrics, priority or target condition.

    Raises `HubFault` 400, 400403 when the content would change.
    """
    content = _object(body).get("content")
    if content is not None and _given_content(content) != configuration.content:
        raise errors.content_is_immutable()
    fresh = _with_mutable(configuration, body)
    return replace(fresh, updated=moment.timestamp, revision=configuration.revision + 1)


def target(configuration: Configuration) -> query.TargetCondition:
    """The parsed target condition; parse it once for many twins."""
    return query.condition(configuration.target_condition)


def targeted_by(deployments: Iterable[str]) -> JsonObject:
    """The `configurations` of an `$edgeAgent` twin, for the deployments that target its device."""
    return {name: {"status": "Targeted"} for name in deployments}


def document(configuration: Configuration, targeted: int) -> JsonObject:
    """A configuration as the service API shows it; `targeted` twins match its condition."""
    metrics = configuration.metrics or {}
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
        "systemMetrics": {
            "results": {"targetedCount": targeted, "appliedCount": 0},
            "queries": _system_queries(configuration),
        },
        "metrics": {"results": {}, "queries": metrics.get("queries") or {}},
        "etag": configuration.etag,
    }


def query_errors(body: Any) -> JsonObject:
    """What is wrong with a target condition and metrics: the answer of `testQueries`."""
    given = _object(body)
    answer: JsonObject = {
        "customMetricQueryErrors": _metric_errors(given.get("customMetricQueries"))
    }
    fault = _condition_error(given.get("targetCondition"))
    if fault:
        answer["targetConditionError"] = fault
    return answer


def _with_mutable(configuration: Configuration, body: JsonObject) -> Configuration:
    condition = body.get("targetCondition", configuration.target_condition)
    fault = _condition_error(condition) or _source_error(configuration, condition)
    if fault:
        raise errors.bad_target_condition(fault)
    priority = body.get("priority", configuration.priority)
    if priority is None:
        priority = 0
    if isinstance(priority, bool) or not isinstance(priority, int) or priority < 0:
        raise errors.invalid("'priority' must be an integer that is not negative.")
    labels = body.get("labels", configuration.labels)
    if not all(isinstance(item, str) for item in _object_or_none(labels).values()):
        raise errors.invalid("'labels' must be texts.")
    metrics = body.get("metrics", configuration.metrics)
    for fault in _metric_errors(_object_or_none(metrics).get("queries")).values():
        raise errors.bad_metric(fault)
    return replace(
        configuration,
        target_condition=condition or "",
        priority=priority,
        labels=labels,
        metrics=metrics,
    )


def _content(value: Any) -> JsonObject:
    content = _given_content(value)
    if len(content) != 1:
        raise errors.bad_content(f"Give exactly one of {', '.join(_CONTENTS)}.")
    if "modulesContent" in content:
        modules_content(content)
    return content


def _given_content(value: Any) -> JsonObject:
    if not isinstance(value, dict):
        raise errors.bad_content("'content' is missing or not an object.")
    return {name: value[name] for name in _CONTENTS if value.get(name) is not None}


def _object(value: Any) -> JsonObject:
    if not isinstance(value, dict):
        raise errors.unreadable("A JSON object was expected.")
    return value


def _object_or_none(value: Any) -> JsonObject:
    return {} if value is None else _object(value)


def _condition_error(text: Any) -> str:
    if not isinstance(text, str | None):
        return "the target condition must be a text"
    try:
        query.condition(text or "")
    except query.QueryError as fault:
        return str(fault)
    return ""


def _source_error(configuration: Configuration, condition: str | None) -> str:
    wanted = "devices.modules" if "moduleContent" in configuration.content else "devices"
    if not condition or query.condition(condition).source == wanted:
        return ""
    return f"the target condition must be on {wanted}"


def _metric_errors(queries: Any) -> dict[str, str]:
    """What is wrong with custom metrics, by name."""
    given = _object_or_none(queries)
    if len(given) > MAX_METRICS:
        raise errors.bad_metric(f"there may be at most {MAX_METRICS} custom metrics")
    if sum(len(text) for text in given.values() if isinstance(text, str)) > MAX_METRIC_CHARACTERS:
        raise errors.bad_metric(
            f"custom metrics may have {MAX_METRIC_CHARACTERS:,} characters together"
        )
    return {name: fault for name, text in given.items() if (fault := _query_error(text))}


def _query_error(text: Any) -> str:
    if not isinstance(text, str):
        return "the query must be a text"
    try:
        query.parse(text)
    except query.QueryError as fault:
        return str(fault)
    return ""


def _system_queries(configuration: Configuration) -> dict[str, str]:
    """Queries in the language of IoT Hub, which are shown as Azure shows them."""
    if not configuration.edge:
        source = "devices.modules" if "moduleContent" in configuration.content else "devices"
        applied = f"configurations.[[{configuration.id}]].status = 'Applied'"
        return {"appliedCount": f"select deviceId from {source} where {applied}"}  # noqa: S608
    agent = f"moduleId = '{EDGE_AGENT}' and configurations.[[{configuration.id}]].status"
    applied = f"select deviceId from devices.modules where {agent} = 'Applied'"  # noqa: S608
    current = f"{applied} and properties.desired.$version = properties.reported.lastDesiredVersion"
    code = "properties.reported.lastDesiredStatus.code"
    return {
        "appliedCount": applied,
        "reportedSuccessfulCount": f"{current} and {code} = 200",
        "reportedFailedCount": f"{current} and {code} != 200",
    }
