"""Small files, as people have them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from edgeops.adopt.found import Found
from edgeops.adopt.read_file import SourceFile, read_files

Read = Callable[..., Found]


@pytest.fixture
def read() -> Read:
    """Reads one file: its value, or its text."""

    def _read(value: Any, name: str = "gateway.json", **options: Any) -> Found:
        text = value if isinstance(value, str) else json.dumps(value)
        return read_files([SourceFile(name, text.encode(), **options)])

    return _read


def agent(**modules: Any) -> dict[str, Any]:
    """`$edgeAgent`'s desired properties with these modules."""
    return {
        "schemaVersion": "1.1",
        "runtime": {"type": "docker", "settings": {}},
        "systemModules": {
            "edgeAgent": {"type": "docker", "settings": {"image": "agent:1.5"}},
            "edgeHub": {"type": "docker", "settings": {"image": "hub:1.5", "createOptions": "{}"}},
        },
        "modules": modules,
    }
