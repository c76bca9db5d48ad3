"""The query language of IoT Hub, evaluated on twins as JSON.

Source: "IoT Hub query language" and "Queries for IoT Hub device and module
twins", Microsoft Learn. GROUP BY and aggregates other than COUNT() are not
supported yet.
"""

from edgeops.localhub.query.ast import Query, QueryError, Source, TargetCondition
from edgeops.localhub.query.evaluate import matches
from edgeops.localhub.query.grammar import condition, parse
from edgeops.localhub.query.page import after, page

__all__ = [
    "Query",
    "QueryError",
    "Source",
    "TargetCondition",
    "after",
    "condition",
    "matches",
    "page",
    "parse",
]
