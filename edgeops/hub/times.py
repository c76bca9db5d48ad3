"""When the values of a twin were last written.

Source: "Understand and use device twins in IoT Hub" (Microsoft Learn): the `$metadata` of desired
and reported properties has `$lastUpdated` for every object and value. Tags have none.
"""

from __future__ import annotations

from typing import Any

_LAST_UPDATED = "$lastUpdated"


def updated_of(properties: Any) -> dict[tuple[str, ...], str]:
    """The times in the `properties` of a twin, in its JSON form, as `Twin.updated`.

    What is not as the hub documents it has no time.
    """
    times: dict[tuple[str, ...], str] = {}
    sections = properties if isinstance(properties, dict) else {}
    waiting: list[tuple[tuple[str, ...], Any]] = [
        ((name,), section.get("$metadata"))
        for name in ("desired", "reported")
        if isinstance(section := sections.get(name), dict)
    ]
    while waiting:
        path, metadata = waiting.pop()
        if not isinstance(metadata, dict):
            continue
        when = metadata.get(_LAST_UPDATED)
        if isinstance(when, str):
            times[path] = when
        waiting += [((*path, key), below) for key, below in metadata.items() if key[:1] != "$"]
    return times
