"""What a hub gives as documents: results of queries, page by page, and its configurations."""

from __future__ import annotations

from collections.abc import AsyncIterator

from edgeops.hub.errors import Subject, odd_answer
from edgeops.hub.port import HubError
from edgeops.hub.rest import HubApi
from edgeops.jsonvalue import JsonObject
from edgeops.limits import Operation

PAGE = 100  # the largest page that Azure documents
_MOST_CONFIGURATIONS = 200  # a hub has at most 100, and as many automatic deployments


async def pages_of(rest: HubApi, query: str) -> AsyncIterator[list[JsonObject]]:
    """The results of a query on devices or modules, at most `PAGE` at a time. Raises `HubError`."""
    subject = Subject(rest.hostname)
    headers = {"x-ms-max-item-count": str(PAGE)}
    while True:
        items, answer_headers = await rest.send(
            Operation.QUERY,
            "POST",
            "/devices/query",
            subject,
            headers=headers,
            body={"query": query},
        )
        if not isinstance(items, list):
            raise odd_answer(subject)
        for item in items:
            if not isinstance(item, dict) or "deviceId" not in item:
                raise odd_answer(subject)
        yield items
        continuation = answer_headers.get("x-ms-continuation", "")
        if not continuation:
            return
        if continuation == headers.get("x-ms-continuation"):
            raise HubError(f"hub {rest.hostname} keeps returning the same page of a query")
        headers["x-ms-continuation"] = continuation


async def configurations_of(rest: HubApi) -> list[JsonObject]:
    """All configurations and automatic deployments. Raises `Unauthorized`, `HubError`."""
    subject = Subject(rest.hostname)
    path = f"/configurations?top={_MOST_CONFIGURATIONS}"
    items, _ = await rest.send(Operation.QUERY, "GET", path, subject)
    if not isinstance(items, list) or not all(isinstance(item, dict) for item in items):
        raise odd_answer(subject)
    return items
