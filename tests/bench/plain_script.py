"""The script a user would write without edgeops: azure-iot-hub, a query and a loop.

`plain_script.py WANTED.json [--apply]`: WANTED maps device ids to
`{"tags": .., "desired": ..}`; IOTHUB_CONNECTION_STRING names the hub.
Prints how many devices differ; with --apply it patches them.
"""

import json
import os
import sys
from pathlib import Path

from azure.iot.hub import IoTHubRegistryManager
from azure.iot.hub.models import QuerySpecification, Twin, TwinProperties


def all_twins(registry):
    """Every device twin, page by page."""
    query, token = QuerySpecification(query="SELECT * FROM devices"), None
    while True:
        page = registry.query_iot_hub(query, token, 100)
        yield from page.items
        token = page.continuation_token
        if not token:
            return


def changed(live, wanted):
    """The members of `wanted` that `live` does not have with the same value."""
    live = live or {}
    return {key: value for key, value in wanted.items() if live.get(key) != value}


def main():
    """Compare, and patch when asked to."""
    wanted = json.loads(Path(sys.argv[1]).read_text())
    registry = IoTHubRegistryManager.from_connection_string(os.environ["IOTHUB_CONNECTION_STRING"])
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
        if "--apply" in sys.argv:
            patch = Twin(tags=tags, properties=TwinProperties(desired=desired))
            registry.update_twin(twin.device_id, patch, twin.etag)
    print(f"{differing} devices differ")


if __name__ == "__main__":
    main()
