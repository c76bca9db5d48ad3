"""The query language of IoT Hub, evaluated on twins as JSON.

Source: "IoT Hub query language" and "Queries for IoT Hub device and module
twins", Microsoft Learn.
"""

from edgeops.localhub.query.ast import Query, QueryError, Source, TargetCondition
from edgeops.localhub.query.evaluate import matches
from edgeops.localhub.query.grammar import condition, job_condition, parse, parse_metric
from edgeops.localhub.query.page import after, page

__all__ = [
    "Query",
    "QueryError",
    "Source",
    "TargetCondition",
    "after",
    "condition",
    "job_condition",
    "matches",
    "page",
    "parse",
    "parse_metric",
]
