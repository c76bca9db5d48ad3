"""The JSON Schemas that come with edgeops."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from edgeops.fleet.catalog import KINDS
from edgeops.fleet.kind_schemas import KindSchemas

_PACKAGE = Path(__file__).parent.parent


@cache
def packaged_schemas() -> KindSchemas:
    """The schema of each kind of manifest."""
    return KindSchemas({kind: packaged_schema(kind.lower()) for kind in KINDS})


@cache
def model_schemas() -> KindSchemas:
    """The schema of model files."""
    return KindSchemas({"Model": packaged_schema("model")})


def packaged_schema(name: str) -> Any:
    """The schema `NAME.schema.json` that comes with edgeops."""
    return json.loads((schema_folder() / f"{name}.schema.json").read_bytes())


def schema_folder() -> Path:
    """The folder of these schemas: inside the package in a wheel, next to it in a checkout."""
    inside = _PACKAGE / "schemas"
    return inside if inside.is_dir() else _PACKAGE.parent / "schemas"
