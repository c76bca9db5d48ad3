"""Checks that a model that must be told what is known ahead is on a device that is told it.

A module gets it by files in slots that its desired property `context` names, or by messages that
a route brings to its input `context`.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from edgeops.fleet.context import FORMAT
from edgeops.fleet.edge import routes
from edgeops.fleet.finding import Finding
from edgeops.fleet.model import MODEL_LOADER, DesiredModule, EdgeKind
from edgeops.fleet.shown import shown
from edgeops.jsonvalue import JsonObject
from edgeops.release import ModelRelease

_INTO = re.compile(
    r"""\bINTO\s+BrokeredEndpoint\(\s*(["'])/modules/([^/"']+)/inputs/context\1\s*\)""",
    re.IGNORECASE,
)


def context_findings(
    modules: Mapping[str, DesiredModule],
    models: Mapping[str, ModelRelease],
    runtime: JsonObject,
    edge: EdgeKind,
    unknown: Collection[str] = (),
) -> Iterator[Finding]:
    """Findings about models whose context nobody delivers, at the model.

    `unknown` are slots whose model or Context cannot be told, which is reported elsewhere.
    Where git does not have the routes of a device it is a warning: one of them may.
    """
    for name, module in sorted(modules.items()):
        slot = module.desired.get("model")
        release = models.get(slot) if isinstance(slot, str) else None
        if release is None or name in _told(modules, runtime):
            continue
        missing = [
            column
            for column in release.context
            if not _is_in_files(column, module, models, {*_written(modules), *unknown})
        ]
        if not missing:
            continue
        listed = ", ".join(f"`{column}`" for column in missing)
        yield Finding(
            ("models", str(slot)),
            f"`{release.reference}` needs {listed}, which nothing delivers to the module `{name}`",
            _hint(name, module, models, edge, missing),
            warning=edge is EdgeKind.EXTERNAL,
        )


def _told(modules: Mapping[str, DesiredModule], runtime: JsonObject) -> frozenset[str]:
    """The modules to whose input `context` a route goes."""
    found = set()
    for _, _, route in routes(modules, runtime):
        text = route.get("route") if isinstance(route, dict) else route
        match = _INTO.search(text) if isinstance(text, str) else None
        if match:
            found.add(match[2])
    return frozenset(found)


def _is_in_files(
    column: str,
    module: DesiredModule,
    models: Mapping[str, ModelRelease],
    others: Collection[str],
) -> bool:
    """Whether a file has the column; one that does not say what it has may have any.

    `others` are slots that hold something, of which no release says what it is.
    """
    for slot in _slots(module):
        if slot in models:
            file = models[slot]
            if file.format == FORMAT and (not file.context or column in file.context):
                return True
        elif slot in others:
            return True
    return False


def _written(modules: Mapping[str, DesiredModule]) -> Mapping[str, Any]:
    loader = modules.get(MODEL_LOADER)
    slots: Any = loader.desired.get("models") if loader else None
    return slots if isinstance(slots, dict) else {}


def _slots(module: DesiredModule) -> tuple[str, ...]:
    said: Any = module.desired.get("context")
    return tuple(slot for slot in said if isinstance(slot, str)) if isinstance(said, list) else ()


def _hint(
    name: str,
    module: DesiredModule,
    models: Mapping[str, ModelRelease],
    edge: EdgeKind,
    missing: Sequence[str],
) -> str:
    for slot in _slots(module):
        if slot not in models:
            said = f"`context` of `{name}` names the slot `{shown(slot)}`"
            return f"{said}: add it to `models` or `contexts`"
        if models[slot].format != FORMAT:
            return (
                f"the slot `{shown(slot)}` holds `{models[slot].reference}`, whose format is not"
                f" {FORMAT}"
            )
    for slot in _slots(module):
        if models[slot].content is not None:
            return _hint_for_calendar(models[slot].name, missing)
    slots = f"name a slot with a context file in `context` of the desired properties of `{name}`"
    if edge is EdgeKind.NONE:
        return slots
    return f'{slots}, or add a route INTO BrokeredEndpoint("/modules/{name}/inputs/context")'


def _hint_for_calendar(context: str, missing: Sequence[str]) -> str:
    """What to add to a Context for these columns."""
    wanted = []
    for kind, key in (("event:", "names"), ("weather:", "series")):
        names = [column.removeprefix(kind) for column in missing if column.startswith(kind)]
        if names:
            wanted.append(f"{', '.join(f'`{name}`' for name in names)} to `{key}`")
    return f"add {' and '.join(wanted)} of the Context `{context}`"
