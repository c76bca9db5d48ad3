"""The script a user would write without edgeops: azure-iot-hub, a query and a loop.

`plain_script.py WANTED.json [--create | --apply]`: WANTED maps device ids to
`{"tags": .., "desired": ..}`; IOTHUB_CONNECTION_STRING names the hub.
Prints how many devices differ; with --apply it patches them. With --create it
creates all of them instead.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from azure.iot.hub import IoTHubRegistryManager
from azure.iot.hub.models import QuerySpecification, Twin, TwinProperties


def all_twins(registry: Any) -> Iterator[Any]:
    """Every device twin, page by page."""
    query, token = QuerySpecification(query="SELECT * FROM devices"), None
    while True:
        page = registry.query_iot_hub(query, token, 100)
        yield from page.items
        token = page.continuation_token
        if not token:
            return


def changed(live: dict[str, Any] | None, wanted: dict[str, Any]) -> dict[str, Any]:
    """The members of `wanted` that `live` does not have with the same value."""
    live = live or {}
    return {key: value for key, value in wanted.items() if live.get(key) != value}


def patch(registry: Any, device: str, state: dict[str, Any], etag: str) -> None:
    """Merge tags and desired properties into a twin."""
    properties = TwinProperties(desired=state["desired"])
    registry.update_twin(device, Twin(tags=state["tags"], properties=properties), etag)


def create(registry: Any, wanted: dict[str, Any]) -> None:
    """Create each device, with keys that the hub makes, and give it its state."""
    for device, state in wanted.items():
        registry.create_device_with_sas(device, "", "", "enabled")
        patch(registry, device, state, "*")


def compare(registry: Any, wanted: dict[str, Any], *, apply: bool) -> int:
    """How many twins differ; these are patched when asked to."""
    differing = 0
    for twin in all_twins(registry):
        want = wanted.get(twin.device_id)
        if want is None:
            continue
        tags = changed(twin.tags, want["tags"])
        desired = changed(twin.properties.desired, want["desired"])
        if not tags and not desired:
            continue
        differing += 1
        if apply:
            patch(registry, twin.device_id, {"tags": tags, "desired": desired}, twin.etag)
    return differing


def main() -> None:
    """Create, compare or patch."""
    wanted = json.loads(Path(sys.argv[1]).read_text())
    registry = IoTHubRegistryManager.from_connection_string(os.environ["IOTHUB_CONNECTION_STRING"])
    if "--create" in sys.argv:
        create(registry, wanted)
    else:
        differing = compare(registry, wanted, apply="--apply" in sys.argv)
        print(f"{differing} devices differ")


if __name__ == "__main__":
    main()
